/* SPDX-License-Identifier: ISC */
/* Made by minisign-vectors.sh with minisign 0.11. */

static const char vector_public[] =
    "untrusted comment: minisign public key 290A18C387A34F9C\n"
    "RWScT6OHwxgKKeASlldD0qs+MmNRRJ1WHCPIHY5LGh5paJUb0SPgKMo8\n";

static const char vector_key[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAnE+jh8MYCinzAddiCnsQ5FaP5pzrzz/WtfIeXNOdlBY7akLZvcjifuASll"
    "dD0qs+MmNRRJ1WHCPIHY5LGh5paJUb0SPgKMo8AAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAA=\n";

/* The same under "correct horse": 1 GiB of memory, and less. */
static const char vector_locked[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWRTY0IyVwroIYUeJDytvcA4KKKcA7bUhSOWIuvntbChZ96PtBcAAAACAAAAAAAAA"
    "EAAAAAA/OZWV98wYFcQsfJ39zoKUZWOIzuIHHgkhPYoHxOeCLFKpT/k+wRJ67Pv47"
    "QoHLlhyHrlqUoRlE62RBaBZzDuRbUhnGKFPUYTkVzdztxntjD4B/xkfA8Foj372Gy"
    "qu1vMBB5S1v5A3L4=\n";

static const char vector_light[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWRTY0IyeaWYU0CfHh9vcVU6Z/N88a98ENdV3rRyKzkaUqhb7YUAABAAAAAAAAAAA"
    "AIAAAAAdCI6l0wT+KBfAk6mC3alj1XVAUzJC17MV2GlzZbzpgcsAKJyUBpyc27E3O"
    "YhzgtLwi09TOKoHdVHUm65J7V7kCoNi5UYLuAQW/Z1yx/Gitt8cNFkcAr7YoSMsxW"
    "zUkZCW/+Yd+LQE9Q=\n";

static const char vector_report[] =
    "{\"program\":\"pgb-verify\"}\n";

static const char vector_signature[] =
    "untrusted comment: an untrusted one\n"
    "RUScT6OHwxgKKZy7lNZ8dmbllFvPwLy3dZrqom9klJ2kzW2RDJfcPy4KKJoyNIapU"
    "BPvNekFh7q1xuWhLxnlCerYv9Z2u5/YbgE=\n"
    "trusted comment: a trusted\tcomment\n"
    "pcGPc9Hq8NkFvMx2iUzRdsXEFLx8jsR2VMeFoAI0qK8IjhxoJq4CMcsevCouN9FTA"
    "K/V4NZXH0sxRuK3CqgmAw==\n";

/* Of no bytes. */
static const char vector_empty[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUScT6OHwxgKKfnzgu45C/nqwpBGRvnIlBeHrob3OYJPOybvSrKYHUGLmtqNDpnQG"
    "epZ1iHaipL8s+Ev58HnUEUWLYESZFROSgA=\n"
    "trusted comment: timestamp:1795851066\tfile:empty\thashed\n"
    "kNhbAhRFks6XnXb1zxKeIo4LmeDkF62Z4G4JRIPVHEgpjZ1JXi97ymnv7baJ/Vi3a"
    "D4FKSveVN4wEMTSvBiXDA==\n";

/* Of the report as well. */
static const char vector_legacy[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWScT6OHwxgKKXvOnjn2hMVTjBZhEHLdDWRR/d61iw/K+4kANdPfatsUPcoilE+/m"
    "nTohgJ4JKMLDLZ9avltt40ICiFHpnx3fQw=\n"
    "trusted comment: legacy\n"
    "381YuhauP0uQZXqUClIsC/ll2xaWTQElDGCQO3wPNT5LBqSRL9KR1JTn93G48Cx63"
    "naSZcaqAFwvX8IrQI8+AQ==\n";

static const char vector_other[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUTRN/TzLMfQiXJ7rjykkvdp3otw3S4DETAI/viwUvGaIm0ac1zOdietN2cZalAfr"
    "TJjeYslpE+3VCy5KFQi0fF71FWa83YEzAs=\n"
    "trusted comment: of another key\n"
    "jjW3J7bx9woi5gAruqCs5DZHAxwNeqzPKpH+6LX5t2mGHBZaFN1ueUHAiNWePZTCl"
    "jCOcrONozXwz99aJa0DDw==\n";

static const char vector_other_public[] =
    "untrusted comment: minisign public key 89D0C72CF3F437D1\n"
    "RWTRN/TzLMfQicuhYKk6wU63wh0rWAV/gtlYzuuQ1cFFLXt4x6kILhzB\n";
