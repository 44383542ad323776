import type { Question, Wait } from './place.ts'

/** What a place waits for, in a word and in a sentence. */
export interface Said {
  /** `move`: its object has to stand elsewhere first, or data is on its way. `retry`: it failed and rests. */
  kind: 'move' | 'name' | 'protection' | 'person' | 'retry'
  text: string
}

/** Who keeps somebody waiting who waits for a name. */
export interface Chain {
  /** The last of those who wait for each other's names; null where who has it waits for nobody's. */
  root: string | null
  /** Somebody cancelled what that one is to become. */
  isStuck: boolean
}

/**
 * The sentence for whatever `next` answers to wait for: said here and nowhere else.
 * @param server what people call a server
 */
export function sayWait(
  wait: Wait,
  server: (name: string) => string,
  { root, isStuck }: Chain = { root: null, isStuck: false },
): Said {
  switch (wait.kind) {
    case 'name': {
      const chain = root === null ? '' : `, which waits for ${root}`
      const help = isStuck ? `, which was cancelled: \`orchestra retry ${root ?? wait.object}\`` : ''
      const text = `it waits for the name "${wait.identity}", which ${wait.object} has there or asked for before${chain}${help}`
      return { kind: 'name', text }
    }
    case 'place':
      return { kind: 'move', text: `it stays until the object stands on ${server(wait.server)}` }
    case 'data':
      return { kind: 'move', text: `it waits until its data has arrived on ${server(wait.server)}` }
    case 'protection':
      return {
        kind: 'protection',
        text: 'it is protected: lift that with `orchestra unprotect` or in the configuration',
      }
    case 'person':
      return { kind: 'person', text: questionText(wait.why) }
    case 'time':
      return { kind: 'retry', text: `it is tried again at ${new Date(wait.until).toISOString()}` }
  }
}

/** What a person is asked, with what to do. */
/** Of a copy that stays where its object does not belong. */
export function keptText(reason: string): string {
  return `It belongs elsewhere now, and this copy stays: ${reason}`
}

export function questionText(why: Question): string {
  return questions[why]
}

const questions: Record<Question, string> = {
  cancelled: 'it was cancelled: `orchestra retry` goes on with it',
  'rename refused': 'its backend refuses to rename it',
  'copies with data':
    'several of its copies have data: `orchestra forget` gives up the one that does not count',
  'nowhere to go':
    'it has data, and no server is there to take it: add a route, or give it up with `orchestra forget`',
  'left by another':
    'another object left something under its name, with data: `orchestra forget` gives that up',
  'names go round':
    'it gets the name of another object, which gets its own, and the backend has no `park`: give one of them a third name first',
}
