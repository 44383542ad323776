import { queryOptions } from '@tanstack/react-query'
import type { AnswerOf, ApiError, InputOf } from 'orchestrajs/client'
import type { Act } from './act.ts'
import { client } from './client.ts'

/** What an act would do that is told to do nothing (`dryRun`): a question, though it is asked like an act. */
export function tried<One extends Act>(name: One, input: InputOf<One> & { dryRun: true }) {
  return queryOptions<AnswerOf<One>, ApiError>({
    queryKey: [name, input],
    queryFn: ({ signal }) =>
      client.ask(...([name, input, { signal }] as unknown as Parameters<typeof client.ask>)) as Promise<
        AnswerOf<One>
      >,
    retry: false,
  })
}
