import { Dialog } from '../parts/dialog.tsx'
import { useWords } from '../words/index.ts'
import css from './keys.module.css'
import { entries } from './navigation.ts'

/** All keys there are. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const { keysList } = words
  const keys: readonly [key: string, does: string][] = [
    ['Ctrl K', keysList.palette],
    ['/', keysList.filter],
    ['j', keysList.down],
    ['k', keysList.up],
    ['Enter', keysList.open],
    ...entries.map(({ key, name }): [string, string] => [`g ${key}`, words.screens[name]]),
    ['?', keysList.help],
    ...Object.entries(words.log.keys),
  ]
  return (
    <Dialog title={words.keys} isOpen onClose={onClose}>
      <dl className={css.list}>
        {keys.map(([key, does]) => (
          <div key={key} style={{ display: 'contents' }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
