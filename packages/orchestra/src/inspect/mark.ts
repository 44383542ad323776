import { randomUUID } from 'node:crypto'
import { OrchestraError, withHint } from '../errors.ts'
import { Hearing, telling } from '../logs/index.ts'
import { renderScript, type ScriptEvent, type SharedOwnership } from '../script/index.ts'
import { toTarget } from '../server/index.ts'
import { type AnswerReader, ask, mannerOf, type Reply, untilFinished } from '../talk/index.ts'
import { type Candidate, fenceOf, type SurveyContext } from './surveyed.ts'

/**
 * Runs a script that does nothing but mark; answers what was marked.
 * @throws OrchestraError ORC_INSPECTION_FAILED
 */
export async function mark(
  context: SurveyContext,
  candidates: readonly Candidate[],
  shared?: SharedOwnership,
): Promise<Candidate[]> {
  const { config, methods, server, backend, signal = new AbortController().signal } = context
  const runId = randomUUID()
  const { text, token } = renderMarks(
    await fenceOf(context.store, server),
    context,
    runId,
    candidates,
    shared,
  )
  const marked: Candidate[] = []
  const onMarked = (index: number) => {
    const candidate = candidates[index]
    if (candidate !== undefined) marked.push(candidate)
  }
  const message = { runId, text, ...mannerOf(config, backend), signal }
  const end = await ask(methods, toTarget(server), message, readMarks(token, onMarked))
  if (end.kind === 'answered' && marked.length === candidates.length) return marked
  throw new OrchestraError(
    'ORC_INSPECTION_FAILED',
    `${server.name}: ${candidates.length - marked.length} of ${candidates.length} objects could not be marked: ${whyNot(end)}`,
    { hint: 'What was taken before stays adopted; run it again' },
  )
}

function renderMarks(
  fence: number,
  { server, backend }: SurveyContext,
  runId: string,
  candidates: readonly Candidate[],
  shared?: SharedOwnership,
) {
  return renderScript({
    runId,
    backend: backend.name,
    server: server.name,
    fence,
    // Nobody will ask what became of it.
    acknowledge: [runId],
    ...(shared === undefined ? {} : { shared }),
    operations: candidates.map(({ object, standing }, index) => ({
      index,
      label: `adopt ${object}`,
      action: 'adopt',
      recording: { kind: 'recorded', steps: [] },
      ownership: () => ({ rights: [{ kind: 'adopts', standing }], disown: [] }),
    })),
  })
}

function readMarks(token: string, onMarked: (index: number) => void): AnswerReader<'finished'> {
  const hearing = new Hearing()
  const take = (event: ScriptEvent) => {
    if (event.kind === 'output') hearing.take(event.bytes)
    if (event.kind === 'result' && event.result.status === 'ok') onMarked(Number(event.result.index))
  }
  return untilFinished(token, take, () => telling(hearing.heard()) ?? '')
}

function whyNot(end: Reply<unknown>): string {
  switch (end.kind) {
    case 'fenced':
      return 'the server has another owner by now'
    case 'cancelled':
      return 'it was cancelled'
    case 'answered':
      return end.said || 'the server does not say why'
    case 'broken-off':
      return end.said || end.reason
    case 'too-large':
      return withHint(end.error)
    default:
      return end.reason
  }
}
