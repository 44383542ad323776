import type { CommandWords } from './completion-words.ts'

/**
 * Made like that of bash: the path of commands is what stands before the first word that is no command. fish takes each line that a
 * function prints as one word and quotes it itself, so that nothing in a name is read by it; what stands behind a tab would be shown as
 * a description, so that a name with one is not offered.
 */
export function fishCompletion(commands: readonly CommandWords[]): string {
  return `# Completion of orchestra for fish
function __orchestra_words
    switch "$argv"
${commands.map(caseLine).join('\n')}
    end
end

function __orchestra_kind
    switch "$argv"
${commands.flatMap(kindLines).join('\n')}
    end
end

function __orchestra
    set -l place 0
    set -l line
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        set -l longer (string join ' ' -- $line $word)
        if test $place -eq 0; and contains -- $word (__orchestra_words "$line"); and test -n "$(__orchestra_words $longer)"
            set line $longer
        else
            set place (math $place + 1)
        end
    end
    __orchestra_words "$line"
    set -l kind (__orchestra_kind "$line:$place")
    if test -n "$kind"; and not string match -q -- '-*' (commandline -ct)
        command orchestra complete-names $kind 2>/dev/null | string match -v -- "*"\\t"*"
    end
end

complete -c orchestra -f -a '(__orchestra)'
`
}

function caseLine({ path, words }: CommandWords): string {
  return `        case '${path}'\n            printf '%s\\n' ${words.join(' ')}`
}

function kindLines({ path, names }: CommandWords): string[] {
  return names.flatMap((kind, place) =>
    kind === undefined ? [] : [`        case '${path}:${place}'\n            echo ${kind}`],
  )
}
