import { useMutation } from '@tanstack/react-query'
import type { AnswerOf, ApiError, InputOf, Name } from 'orchestrajs/client'
import { client } from './client.ts'
import { queries } from './queries.ts'

export type Act = Exclude<Name, `GET ${string}`>

/**
 * How a screen has something done: `const hold = useAct('POST /servers/{server}/hold')`. Asked twice for want of an answer it is done
 * once; what is shown is looked at again when it is done.
 */
export function useAct<One extends Act>(name: One) {
  return useMutation<AnswerOf<One>, ApiError, InputOf<One>>({
    mutationFn: (input) => {
      const call = { idempotencyKey: unheardOf() }
      return client.ask(...([name, input, call] as unknown as Parameters<typeof client.ask>)) as Promise<
        AnswerOf<One>
      >
    },
    onSettled: () => queries.invalidateQueries(),
  })
}

/** A name that nobody has had; pages that did not come by TLS have no `randomUUID`. */
function unheardOf(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
