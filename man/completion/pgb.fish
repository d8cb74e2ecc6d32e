# SPDX-License-Identifier: ISC
#
# Completion in fish for pgb-dump, pgb-encrypt, pgb-verify and pgb-ship; fish
# finds it as NAME.fish for each of them.
#
# Options, and what is said about them, are those of PROGRAM --help.  The name
# of an option's argument there tells what to offer: FILE, REPORT, DIR, DBNAME,
# HOST, URL, COMMAND, PROGRAM; what stands there in small letters, with |
# between, is to be typed as it is.

# What the server says that the line and the environment name.
function __pgb_databases
    set -l tokens (commandline -opc)
    set -l login
    for i in (seq 2 (count $tokens))
        set -l word $tokens[$i]
        switch $word
            case -h --host -p --port -U --username
                set -q tokens[(math $i + 1)]
                and set -a login $word $tokens[(math $i + 1)]
            case '-h*' '-p*' '-U*' '--host=*' '--port=*' '--username=*'
                set -a login $word
        end
    end
    PGCONNECT_TIMEOUT=2 timeout --foreground 3 \
        pgb-dump --list -w $login 2>/dev/null </dev/null
end

# What stands under the cursor, behind --NAME= too.
function __pgb_word
    string replace -r -- '^--[a-z-]+=' '' (commandline -ct)
end

# Where pgb-ship can bring something to.
function __pgb_places
    set -l word (__pgb_word)
    switch "$word"
        case '-*' 'sftp://*/*'
            return
        case 'sftp://*'
            printf '%s/\n' (string match -r -- '^sftp://(?:[^@]*@)?' $word)(
                __fish_print_hostnames)
        case 'file://*'
            printf '%s\n' file://(__fish_complete_path (
                string replace file:// '' -- $word) 2>/dev/null)
        case '*'
            echo sftp://
            __fish_complete_path $word 2>/dev/null
    end
end

# __pgb_add PROGRAM SHORT LONG ARGUMENT TEXT
function __pgb_add -a program short long argument text
    set -l c complete -c $program -d $text
    test -z "$short"; or set -a c -s $short
    test -z "$long"; or set -a c -l $long
    switch $argument
        case ''
            $c
        case '*FILE*' REPORT
            $c -r -F
        case DIR
            $c -x -a '(__fish_complete_directories (__pgb_word))'
        case URL
            $c -x -a '(__pgb_places)'
        case COMMAND PROGRAM
            $c -x -a '(__fish_complete_command)'
        case DBNAME
            $c -x -a '(__pgb_databases)'
        case HOST
            $c -x -a '(__fish_print_hostnames)'
        case '*'
            set -l list (string split '|' -- $argument | string match -rv '[A-Z]')
            $c -x -a "$list"
    end
end

function __pgb_program -a program
    command -sq $program; or return
    # Groups that are not there would not be counted, empty ones are.
    # Groups that are not there would not be counted, empty ones are.
    set -l row (string join '' '^  (?:-| )([^ ]?)(?:(?:, |   )--|)([a-z0-9-]*)' \
        '(?:[= ](?! )|)([^ ]*) *(.*)$')
    set -l lines (command $program --help 2>/dev/null </dev/null)
    set -l refused 0

    complete -c $program -e
    for i in (seq (count $lines))
        set -l line $lines[$i]
        switch $line
            case '*no place here:'
                set refused 1
            case '*:'
                set refused 0
        end
        test $refused = 0; or continue
        string match -q '       *' -- $line; and continue
        set -l m (string match -r -- $row $line); or continue
        test -n "$m[2]$m[3]"; or continue
        test -n "$m[5]"; or set m[5] (string trim -- $lines[(math $i + 1)])
        __pgb_add $program "$m[2]" "$m[3]" "$m[4]" "$m[5]"
    end
    switch $program
        case pgb-dump
            complete -c $program -f -a '(__pgb_databases)'
        case pgb-ship
            complete -c $program -f -a '(__pgb_places)'
        case '*'
            complete -c $program -f
    end
end

set -l program (string replace -ra '^.*/|\.fish$' '' (status filename))
contains $program pgb-dump pgb-encrypt pgb-verify pgb-ship
or set program pgb-dump pgb-encrypt pgb-verify pgb-ship
for each in $program
    __pgb_program $each
end
