import css from './diff.module.css'

/** A unified diff, line by line: what comes and what goes by its sign, and by colour as well; `isPlain` for text that is none. */
export function Diff({ text, isPlain = false }: { text: string; isPlain?: boolean }) {
  const lines = text.replace(/\n$/, '').split('\n')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keys
    <pre className={css.diff} tabIndex={0}>
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
        <span key={at} data-sign={isPlain ? undefined : signOf(line)}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}

function signOf(line: string): 'comes' | 'goes' | 'head' | undefined {
  if (line.startsWith('@@') || line.startsWith('+++') || line.startsWith('---')) return 'head'
  if (line.startsWith('+')) return 'comes'
  return line.startsWith('-') ? 'goes' : undefined
}
