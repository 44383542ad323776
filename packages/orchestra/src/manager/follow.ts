import type { Job } from '../methods/index.ts'
import { createOutputParser, type ScriptEvent } from '../script/index.ts'

/**
 * Follows what a script prints.
 * @param take a promise that it returns holds the server back until it resolves
 */
export function followOutput(
  token: string,
  take: (event: ScriptEvent) => void | Promise<void>,
): { push: Job['onOutput']; end(): void } {
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
    end: () => parser.end(),
  }
}
