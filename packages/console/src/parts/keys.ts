/** Acts of single keys; of several for one key the last counts, which is the one of what is in front. */
const acts = new Map<string, (() => void)[]>()

/** Has a key do something while nobody writes anything; answers what ends that. */
export function onKey(key: string, act: () => void): () => void {
  acts.set(key, [...(acts.get(key) ?? []), act])
  return () =>
    acts.set(
      key,
      (acts.get(key) ?? []).filter((one) => one !== act),
    )
}

/** `Ctrl-k` where a key is held; letters are told as they are written, `?` for what takes Shift. */
function nameOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string {
  if (altKey) return ''
  return ctrlKey || metaKey ? `Ctrl-${key.toLowerCase()}` : key
}

let before = ''

/** Listens to keys; two letters behind each other are one name: `g s`. */
export function listenToKeys(): void {
  window.addEventListener('keydown', (event) => {
    const name = nameOf(event)
    if (!name.startsWith('Ctrl-') && isWritten(event.target)) return
    if (document.querySelector('[role=dialog]') !== null && !name.startsWith('Ctrl-')) return
    const act = acts.get(`${before} ${name}`)?.at(-1) ?? acts.get(name)?.at(-1)
    before = name === 'g' ? 'g' : ''
    if (act === undefined) return
    event.preventDefault()
    act()
  })
}

function isWritten(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  )
}
