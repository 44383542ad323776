import type { CommandWords } from './completion-words.ts'

/**
 * zsh ties `path` to PATH, so nothing is called that.
 *
 * What a name holds is text: nothing here expands it, and what is offered is quoted as the shell would.
 *
 * The path of commands is what stands before the first word that is no command. Names of servers, backends and routes are
 * asked for when they are needed.
 */
export function bashCompletion(commands: readonly CommandWords[]): string {
  return `# Completion of orchestra for bash
_orchestra_words() {
  case "$1" in
${commands.map(caseLine).join('\n')}
  esac
}

_orchestra_names() {
  case "$1:$2" in
${commands.flatMap(nameLines).join('\n')}
  esac
}

_orchestra() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line= place=0 word known kind
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    [[ $word == -* ]] && continue
    known=" $(_orchestra_words "$line") "
    if ((place == 0)) && [[ $known == *" $word "* && -n $(_orchestra_words "\${line:+$line }$word") ]]; then
      line="\${line:+$line }$word"
    else
      place=$((place + 1))
    fi
  done
  COMPREPLY=()
  kind=$(_orchestra_names "$line" "$place")
  while IFS= read -r word; do
    if [[ -n $word && $word == "$current"* ]]; then COMPREPLY+=("$(printf %q "$word")"); fi
  done < <(
    {
      _orchestra_words "$line"
      if [[ -n $kind && $current != -* ]]; then orchestra complete-names "$kind" 2>/dev/null; fi
    } | tr ' ' '\\n'
  )
}
complete -F _orchestra orchestra
`
}

/** zsh runs the functions of bash by its own compatibility layer. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef orchestra
autoload -Uz bashcompinit && bashcompinit
${bashCompletion(commands)}`
}

function caseLine({ path, words }: CommandWords): string {
  return `    '${path}') echo '${words.join(' ')}' ;;`
}

function nameLines({ path, names }: CommandWords): string[] {
  return names.flatMap((kind, place) =>
    kind === undefined ? [] : [`    '${path}:${place}') echo '${kind}' ;;`],
  )
}
