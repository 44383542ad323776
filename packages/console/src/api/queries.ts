import { QueryClient, queryOptions } from '@tanstack/react-query'
import { type AnswerOf, ApiError, type InputOf, type Name } from 'orchestrajs/client'
import { client } from './client.ts'

/** What can be shown, by the names of the API. */
export type Readable = Extract<Name, `GET ${string}`>

/** What was asked, and with what: of this the stream of events knows whom news concern. */
export type Key = readonly [name: Readable, input: Readonly<Record<string, unknown>>]

type Given<One extends Readable> =
  Record<never, never> extends InputOf<One> ? [input?: InputOf<One>] : [input: InputOf<One>]

/** How a screen asks for something: `useQuery(asked('GET /servers/{server}', { server }))`. */
export function asked<One extends Readable>(name: One, ...[input]: Given<One>) {
  return queryOptions<AnswerOf<One>, ApiError, AnswerOf<One>, Key>({
    queryKey: [name, (input ?? {}) as Key[1]],
    queryFn: ({ signal }) =>
      client.ask(...([name, input ?? {}, { signal }] as unknown as Parameters<typeof client.ask>)) as Promise<
        AnswerOf<One>
      >,
    placeholderData: (data, before) =>
      before !== undefined && isSameList(before.queryKey, [name, input ?? {}]) ? data : undefined,
  })
}

/**
 * Of a list, what was seen stays in view while another page or something else is looked for. What is about another thing never stands in
 * for this one.
 */
function isSameList([name, before]: Key, [other, now]: Key): boolean {
  const fixed = ({ q: _, cursor: __, ...rest }: Key[1]) => JSON.stringify(Object.entries(rest).sort())
  return name === other && fixed(before) === fixed(now)
}

/** For what the stream does not tell of: workers that come and go, what people decide. While the page is looked at. */
export const untold = { refetchInterval: 15_000 }

/** What is there is good until the stream says otherwise, and a page that was away catches up. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      // A tab that is open for a week keeps what it shows, not all it ever showed.
      gcTime: 60_000,
      retry: (failed, error) => failed < 2 && mayPass(error),
      refetchOnWindowFocus: true,
      refetchOnReconnect: true,
    },
  },
})

function mayPass(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500)
}
