import type { Agreement, News, ReroutingQuestion } from '../operate/index.ts'
import type { Effect, EffectKind, Rerouting } from '../plan/index.ts'
import type { Trial } from '../router/index.ts'
import { askConsent } from './consent.ts'
import { showNews } from './news.ts'
import type { Asking, Session } from './session.ts'
import { oneLine } from './text-width.ts'
import { Progress } from './work-progress.ts'

/** Shows what a change of routes would do, once, and asks where it has to be agreed to. */
export class ReroutingConsent implements Asking<ReroutingQuestion> {
  readonly #session: Session
  readonly #yes: boolean
  readonly #progress: Progress
  #isShown = false

  constructor(session: Session, yes: boolean) {
    this.#session = session
    this.#yes = yes
    this.#progress = new Progress(session.terminal)
  }

  readonly agree = (question: ReroutingQuestion): Promise<Agreement> => {
    this.show(question)
    return askConsent(this.#session, 'Go on?', this.#yes)
  }

  readonly onNews = (news: News): void => {
    if (news.kind === 'tried') this.#progress.show(`trying it on every object: ${news.objects}`)
    else showNews(this.#session.terminal, news)
  }

  readonly close = (): void => this.#progress.close()

  show({ preview, trial }: ReroutingQuestion): void {
    const { terminal } = this.#session
    this.close()
    if (this.#isShown || terminal.json) return
    this.#isShown = true
    const lines = [...(trial === null ? [] : trialLines(trial)), ...previewLines(preview)]
    for (const line of lines) terminal.line(line)
  }
}

function trialLines({ tried, matched, matching, others, errors, asksServer }: Trial): string[] {
  if (asksServer) return []
  if (tried === 0) return ['there are no objects yet to try it on']
  return [
    `tried on ${tried} objects: ${matched} match`,
    ...(matching.length === 0 ? [] : [`  match: ${matching.map(oneLine).join(', ')}`]),
    ...(others.length === 0 ? [] : [`  do not: ${others.map(oneLine).join(', ')}`]),
    ...errors.slice(0, 5).map(({ name, reason }) => `  cannot tell for ${oneLine(name)}: ${oneLine(reason)}`),
  ]
}

function previewLines({ objects, effects, unknown }: Rerouting): string[] {
  if (objects + unknown.length === 0) return []
  return [
    effects.length === 0
      ? `none of ${objects} objects goes elsewhere`
      : `what becomes of ${objects} objects:`,
    ...effects.flatMap(effectLines),
    ...unknown.map((text) => `  cannot tell: ${oneLine(text)}`),
  ]
}

const verbs: Readonly<Record<EffectKind, (place: string) => string>> = {
  placed: (place) => `placed by ${place}`,
  removed: (place) => `removed by ${place}`,
  moved: (place) => `moved away, with their data, by ${place}`,
  kept: (place) => `belong elsewhere, and their copy stays: ${place}`,
  held: (place) => `wait for a disabled route: ${place}`,
  undecided: (place) => `cannot be told where they belong: ${place}`,
  decided: (place) => `can be told where they belong again: ${place}`,
}

function effectLines({ kind, backend, server, count, nowhere, objects }: Effect): string[] {
  const place = server === null ? backend : `${backend} on ${server}`
  const more = count > objects.length ? ` and ${count - objects.length} more` : ''
  const names = objects.map(({ object }) => oneLine(object)).join(', ')
  const leaves = kind === 'removed' || kind === 'kept'
  const homeless = leaves && nowhere > 0 ? `; ${nowhere} of them belong on no server then` : ''
  const reasons = kind === 'undecided' || kind === 'kept' ? objects.slice(0, 1) : []
  return [
    `  ${count} ${verbs[kind](place)}: ${names}${more}${homeless}`,
    ...reasons.flatMap(({ reason }) => (reason === null ? [] : [`      ${oneLine(reason)}`])),
  ]
}
