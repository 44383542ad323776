import { type ClipboardEvent, type RefObject, useState } from 'react'
import { useWords } from '../../words/index.ts'
import type { Output } from './output.ts'
import type { Rows } from './rows.ts'
import { type Selected, selectedText } from './selection.ts'
import { plainLine } from './text.ts'

interface Parts {
  around: RefObject<HTMLElement | null>
  selected: Selected | null
  rows: Rows
  output: Output
}

/** Copies what is selected where not all of it is in the page any more; what is not even here is not left out in silence. */
export function useCopy({ around, selected, rows, output }: Parts) {
  const words = useWords()
  const [said, say] = useState('')
  const textOf = (row: number, { first, last }: Selected): string | null | undefined => {
    const what = rows.at(row)
    if (what?.kind !== 'line') return null
    if (row === first || row === last)
      return selectedText(around.current?.querySelector(`[data-row="${row}"]`) ?? null)
    const line = output.line(what.line)
    return line === undefined ? undefined : plainLine(line.text)
  }
  const copy = (event: ClipboardEvent) => {
    if (selected === null) return
    const all = [...Array(selected.last - selected.first + 1).keys()].map((at) => selected.first + at)
    if (all.every((row) => around.current?.querySelector(`[data-row="${row}"]`) != null)) return
    event.preventDefault()
    const texts = all.map((row) => textOf(row, selected))
    if (texts.includes(undefined)) return say(words.log.copyIncomplete)
    event.clipboardData.setData('text/plain', texts.filter((text) => text !== null).join('\n'))
    say(words.copied)
  }
  return { copy, said }
}
