import { createOutputParser, type ScriptEvent } from '../script/index.ts'
import type { AnswerReader } from './send.ts'

/**
 * Reads the events of a script, which tell its outcome themselves.
 * @param take a promise that it returns holds the server back until it resolves
 * @param said what was said last, for people
 */
export function followScript(
  token: string,
  take: (event: ScriptEvent) => void | Promise<void>,
  said: () => string,
): AnswerReader<never> {
  let room: void | Promise<void>
  const parser = createOutputParser(token, (event) => {
    room = take(event) ?? room
  })
  return {
    push(stream, bytes) {
      room = undefined
      parser.push(stream, bytes)
      return room
    },
    end() {
      parser.end()
      return { answer: null, said: said() }
    },
  }
}

/** The same, of a script that is asked for whether it comes to its end. */
export function untilFinished(
  ...[token, take, said]: Parameters<typeof followScript>
): AnswerReader<'finished'> {
  let answer: 'finished' | null = null
  const noting = (event: ScriptEvent) => {
    if (event.kind === 'finished') answer = 'finished'
    return take(event)
  }
  const reader = followScript(token, noting, said)
  return { push: reader.push, end: (exit) => ({ ...reader.end(exit), answer }) }
}
