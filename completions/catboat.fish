# fish completion for catboat and the commands installed beside it.
# The candidates come from the commands themselves: `catboat ---words WORD...`.

function __catboat_words
    set -l words (commandline -opc) (commandline -ct)
    set -l verb (basename $words[1])
    set -e words[1]
    if test "$verb" != catboat
        set words $verb $words
    end
    while test (count $words) -gt 1; and string match -q -- '-*' $words[1]
        switch $words[1]
            case -C -c --root
                # The word at the cursor is the option's own.
                if test (count $words) -eq 2
                    test $words[1] = -c; or __fish_complete_directories (commandline -ct)
                    return
                end
                set -e words[1..2]
            case '*'
                set -e words[1]
        end
    end
    for line in (catboat ---words $words 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :directories
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end

complete -c catboat -f -a '(__catboat_words)'
if command -q catboat
    for line in (catboat --list-cmds=porcelain 2>/dev/null)
        complete -c (string split ' ' $line)[1] -f -a '(__catboat_words)'
    end
end
