# bash completion for catboat and the commands installed beside it.
# The candidates come from the commands themselves: `catboat ---words WORD...`.

_catboat() {
    local words=() verb=${COMP_WORDS[0]##*/} line candidates
    # Words up to the cursor; --option=value is one word for us and three for bash.
    local text=${COMP_LINE:0:COMP_POINT}
    if declare -F _get_comp_words_by_ref >/dev/null; then
        local cur prev cword
        _get_comp_words_by_ref -n '=:' -w words -i cword cur prev
        words=("${words[@]:0:cword+1}")
    else
        words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    fi
    if [[ $verb == catboat ]]; then words=("${words[@]:1}"); else words=("$verb" "${words[@]:1}"); fi
    # Global options before the verb do not change what the verb takes.
    COMPREPLY=()
    while [[ ${#words[@]} -gt 1 && ${words[0]} == -* ]]; do
        case ${words[0]} in
            -C | -c | --root)
                # The word at the cursor is the option's own.
                if [[ ${#words[@]} -eq 2 ]]; then
                    [[ ${words[0]} == -c ]] && return
                    compopt -o filenames 2>/dev/null
                    COMPREPLY=($(compgen -d -- "${words[1]}"))
                    return
                fi
                words=("${words[@]:2}")
                ;;
            *) words=("${words[@]:1}") ;;
        esac
    done
    local current=${words[${#words[@]}-1]}
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        case $line in
            :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "${current#--*=}")) ;;
            :directories) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "${current#--*=}")) ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <(catboat ---words "${words[@]}" 2>/dev/null)
    # What ends in `=` or `.` goes on: no blank after it.
    if [[ ${#COMPREPLY[@]} -ge 1 && ${COMPREPLY[0]} == *[=.] ]]; then compopt -o nospace 2>/dev/null; fi
    # bash replaces only what follows the last `=` or `:`.
    if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$current"; fi
    if [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*=}"}"}")
    fi
}

complete -F _catboat catboat
if command -v catboat >/dev/null 2>&1; then
    while read -r _catboat_name _; do complete -F _catboat "$_catboat_name"; done < <(catboat --list-cmds=porcelain 2>/dev/null)
    unset _catboat_name
fi
