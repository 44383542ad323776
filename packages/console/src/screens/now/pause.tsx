import { ActForm } from '../../parts/act-form.tsx'
import { given } from '../../parts/field.tsx'
import { useWords } from '../../words/index.ts'

/** Lets all work wait; the banner that tells of it has the way out. */
export function PauseButton() {
  const words = useWords()
  return (
    <ActForm
      act="POST /pause"
      needs="pause"
      label={words.pause}
      title={words.pauseTitle}
      help={words.holdHelp}
      fields={[{ name: 'reason', label: words.reason, most: 200 }]}
      input={({ reason }) => given({ reason })}
    />
  )
}
