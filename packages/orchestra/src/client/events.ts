/** One server-sent event. */
export interface ServerEvent {
  id: string | null
  event: string
  data: unknown
}

/** The events of an answer as they come; a comment is one without a name, which tells that somebody is there. */
export async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent | null> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (rest + value).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) yield eventOf(block)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function eventOf(block: string): ServerEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
    }),
  )
  const [id, event, data] = [fields.get('id') ?? null, fields.get('event'), fields.get('data')]
  if (id === null && event === undefined && data === undefined) return null
  return { id, event: event ?? 'message', data: data === undefined ? null : JSON.parse(data) }
}
