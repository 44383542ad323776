import { randomBytes } from 'node:crypto'
import { Secret } from '../secrets/secret.ts'
import { endLine } from './bootstrap.ts'
import { checkRunId } from './names.ts'
import { withPrelude } from './prelude.ts'
import { renderLimit } from './render.ts'
import { callOf } from './render-step.ts'
import { join, plain, type Rendered, renderSecret } from './rendered.ts'

/** The files of one object that stands on a server, as far as a check reads them. */
export interface Standing {
  paths: readonly string[]
}

export interface SearchRequest {
  runId: string
  backend: string
  fence: number
  /** Seconds that one run of the check may take; default no limit. */
  patience?: number | undefined
  /** As in `ScriptRequest`. */
  limit?: number | undefined
  standing: readonly Standing[]
}

/** A script as the server gets it and as people see it. */
export interface SearchScript {
  text: string
  masked: string
  token: string
}

/**
 * Finds which of the standing objects make a check fail: takes files away, runs the check, and puts them back. Nothing is changed at
 * the end, nor after a kill, once the next script has begun.
 * @param most with more than so many to blame, the search ends early
 */
export function renderSearch(request: SearchRequest, check: Rendered, most: number): SearchScript {
  return render(request, callOf('o_search', check, plain(String(most))))
}

/** Removes the files of these objects, which a search has found. */
export function renderTakeOut(request: SearchRequest): SearchScript {
  const indexes = request.standing.map((_, index) => plain(String(index)))
  return render(request, callOf('o_take_out', ...indexes))
}

function render(
  { runId, backend, fence, patience, limit, standing }: SearchRequest,
  work: Rendered,
): SearchScript {
  const token = randomBytes(16).toString('hex')
  const words = [checkRunId(runId), backend, String(fence), '60'].map(plain)
  const body = join(
    [
      ...renderLimit(limit),
      callOf('o_begin', ...words, renderSecret(new Secret(token, 'output-token'))),
      ...(patience === undefined ? [] : [callOf('o_patient', plain(String(patience)))]),
      ...standing.map(({ paths }, index) => callOf('o_stands', ...[String(index), ...paths].map(plain))),
      work,
      plain('o_end_search'),
    ],
    '\n',
  )
  const end = endLine(runId)
  return {
    text: withPrelude(body.reveal(), end),
    masked: `${body.masked}\n${end}\n`,
    token,
  }
}
