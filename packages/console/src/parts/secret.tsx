import { useState } from 'react'
import { useWords } from '../words/index.ts'
import { Button } from './button.tsx'
import { copyText } from './copy-text.ts'
import css from './secret.module.css'

/** What is told this once, to be taken along. */
export function Secret({ text }: { text: string }) {
  const words = useWords()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    setCopied(await copyText(text))
  }
  return (
    <div className={css.secret}>
      <code>{text}</code>
      <p>{words.toldOnce}</p>
      <Button onPress={() => void copy()}>
        <span aria-live="polite">{isCopied ? words.copied : words.copy}</span>
      </Button>
    </div>
  )
}
