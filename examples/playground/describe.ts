import type { News, OperationNews, ScriptNews, UnitNews } from './news.ts'

/** Marks words with their meaning; whoever prints them gives it a colour. */
export type Tone = 'good' | 'bad' | 'quiet' | 'strong'
export type Paint = (tone: Tone, text: string) => string

/** The lines that tell one piece of news. */
export function describeNews(news: News, paint: Paint): string[] {
  return news.kind === 'unit' ? describeUnit(news, paint) : describeScript(news, paint)
}

function describeUnit(unit: UnitNews, paint: Paint): string[] {
  const who = `${unit.actor ?? 'somebody'}${unit.source === null ? '' : ` (${unit.source})`}`
  const head = `${clock(unit.at, paint)} ${paint('strong', '◆ committed')} by ${printable(who)}`
  const objects = Map.groupBy(unit.operations, (operation) => `${operation.action} ${nameOf(operation)}`)
  const lines = [...objects].map(
    ([object, operations]) => `${indent}${printable(object)} ${fateOf(operations, paint)}`,
  )
  return [
    `${head} ${paint('quiet', `unit ${unit.id.slice(0, 8)}`)}`,
    ...(unit.count === 0 ? [indent + paint('quiet', 'no server is concerned')] : lines),
    ...moreLine(unit.count - unit.operations.length, 'operations', paint),
  ]
}

function fateOf(operations: readonly OperationNews[], paint: Paint): string {
  const places = operations.filter(({ server }) => server !== null)
  if (places.length > 0) {
    return `→ ${places.map(({ server, backend }) => `${server} ${paint('quiet', backend ?? '')}`).join(', ')}`
  }
  const [first] = operations
  const isBad = first?.outcome === 'failure'
  const reason = printable(first?.error ?? 'nothing to do')
  return paint(isBad ? 'bad' : 'quiet', isBad ? `✘ ${reason}${retry(first)}` : reason)
}

function describeScript(script: ScriptNews, paint: Paint): string[] {
  const name = `${script.server.padEnd(6)} ${script.backend.padEnd(10)}`
  const log = paint('quiet', `script ${script.id}`)
  if (script.state === null)
    return [`${clock(script.at, paint)} ▸ ${name} ${log} runs: ${amount(script.count, 'operation')}`]
  const isGood = script.failed === 0 && script.state === 'SUCCESS'
  const mark = isGood ? paint('good', '✔') : paint('bad', '✘')
  const state = paint(isGood ? 'good' : 'bad', script.state)
  const head = `${clock(script.at, paint)} ${mark} ${name} ${log} ${state} in ${script.milliseconds ?? 0} ms`
  return [`${head}: ${totalsOf(script)}`, ...failuresOf(script, paint)]
}

function totalsOf({ count, changed, failed, operations }: ScriptNews): string {
  const [only] = operations
  if (count === 1 && only !== undefined && failed === 0) {
    return printable(`${only.action} ${nameOf(only)}${only.changed ? '' : ', unchanged already'}`)
  }
  const parts = [`${changed} changed`, `${count - changed - failed} unchanged`]
  return `${amount(count, 'operation')}, ${[...parts, ...(failed > 0 ? [`${failed} failed`] : [])].join(', ')}`
}

function failuresOf(script: ScriptNews, paint: Paint): string[] {
  const failures = script.operations.filter(({ outcome }) => outcome !== 'success' && outcome !== 'nothing')
  const lines = failures.map((one) => {
    const text = `${one.action} ${nameOf(one)} ${one.outcome ?? 'has no outcome'}: ${one.error ?? script.error ?? ''}`
    return indent + paint('bad', printable(text) + retry(one))
  })
  const whole =
    failures.length === 0 && script.error !== null ? [indent + paint('bad', printable(script.error))] : []
  return [...whole, ...lines, ...moreLine(script.failed - failures.length, 'failed', paint)]
}

function retry(operation: OperationNews | undefined): string {
  if (operation?.retryIn == null) return ''
  return ` (tried again in ${Math.max(1, Math.round(operation.retryIn / 1000))} s)`
}

function nameOf({ object, identity }: OperationNews): string {
  return identity === null ? object : `${object} ${identity}`
}

function moreLine(count: number, what: string, paint: Paint): string[] {
  return count > 0 ? [indent + paint('quiet', `and ${count} more ${what}`)] : []
}

function amount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

const indent = ' '.repeat(11)

function clock(at: Date, paint: Paint): string {
  return paint('quiet', at.toTimeString().slice(0, 8))
}

/** Text from the database may hold what a terminal takes for a command. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}
