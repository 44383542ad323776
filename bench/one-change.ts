import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMethods, type Job, type Methods } from '../packages/orchestra/src/methods/index.ts'
import { commandLine, jobCommand } from '../packages/orchestra/src/methods/remote-command.ts'
import { endLine, record, recordOperation, renderScript } from '../packages/orchestra/src/script/index.ts'
import { prepareAnsible } from './ansible.ts'
import { connectOpenssh, connectSsh2, type WarmConnection } from './connections.ts'
import type { BenchHost } from './hosts.ts'
import { atLeast, atMost, type Findings, inTurns, median, percentile, timed } from './measure.ts'
import { byPerson } from './person.ts'
import { bounced } from './pgbouncer.ts'
import { pages } from './project.ts'
import { type Machines, openStage, type Stage, type Way } from './stage.ts'

export const about =
  'one change: commit to recorded outcome, directly and through PgBouncer, beside the same script by hand, that of a person, and Ansible'

const turnsOf = { full: 60, quick: 5 }
const turnsOfAnsible = { full: 5, quick: 1 }
const turnsAfterRest = { full: 15, quick: 1 }

type Size = 'full' | 'quick'
type Progress = (line: string) => void

/** The same twice: a worker that talks to Postgres, and one that talks to PgBouncer in transaction mode. */
interface Stages {
  direct: Stage
  bounced: Stage
}

export async function run(machines: Machines, size: Size, progress: Progress): Promise<Findings> {
  const bouncers = bounced(progress)
  const stages: Stage[] = []
  try {
    const direct = await openWarm(machines, stages)
    const through = await openWarm(machines, stages, bouncers.way)
    return await compare({ direct, bounced: through }, size, progress)
  } finally {
    for (const stage of stages) await stage.close()
    await bouncers.stop()
  }
}

/** A stage whose worker has done something. */
async function openWarm(machines: Machines, opened: Stage[], way?: Way): Promise<Stage> {
  const stage = await openStage(machines, way)
  opened.push(stage)
  await stage.store.query(`insert into page values (1, $1, 'first')`, [hostOf(stage).target.name])
  await until(stage, 1)
  return stage
}

function hostOf(stage: Stage): BenchHost {
  const [host] = stage.hosts
  if (host === undefined) throw new Error('no host')
  return host
}

async function compare(stages: Stages, size: Size, progress: Progress): Promise<Findings> {
  const host = hostOf(stages.direct)
  const ssh2 = await connectSsh2(host.target)
  const openssh = await connectOpenssh(host.target)
  const ansible = await prepareAnsible(host, progress)
  const methods = createMethods()
  try {
    const byHand = await inTurns(turnsOf[size], {
      orchestra: (turn) => change(stages.direct, `turn ${turn}`),
      bounced: (turn) => change(stages.bounced, `turn ${turn}`),
      ssh2: () => sameScript(stages.direct, host, ssh2),
      openssh: () => sameScript(stages.direct, host, openssh),
      person: (turn) => byPerson(ssh2, host.target, 3, `turn ${turn}`),
      script: () => scriptAlone(stages.direct, host, methods),
      nothing: () => framed(host, methods),
    })
    const rested = await inTurns(turnsAfterRest[size], {
      orchestra: (turn) => changeAfterRest(stages.direct, turn),
      bounced: (turn) => changeAfterRest(stages.bounced, turn),
    })
    const times = { byHand, rested }
    if (ansible.kind === 'missing') return findings(times, undefined, ansible.reason)
    const byTool = await inTurns(turnsOfAnsible[size], {
      orchestra: (turn) => change(stages.direct, `turn ${turn} beside ansible`),
      ansible: (turn) => timed(() => ansible.copy(`turn ${turn}\n`)),
    })
    return findings(times, byTool, `${ansible.version}, no facts, pipelining, control connection`)
  } finally {
    const others = [ssh2.close(), openssh.close(), methods.close()]
    await Promise.all([...others, ...(ansible.kind === 'ready' ? [ansible.close()] : [])])
  }
}

/** Milliseconds without a change after which a worker has gone to sleep. */
const REST = 3_000

/** Each turn at another point of whatever the worker does every second. */
async function changeAfterRest(stage: Stage, turn: number): Promise<number> {
  await sleep(REST + ((turn * 137) % 1_000))
  return change(stage, `turn ${turn} after a rest`)
}

/** Milliseconds from the commit of a change of one row until its outcome is recorded. */
async function change(stage: Stage, body: string): Promise<number> {
  const { store } = stage
  let committed = 0
  let [{ count } = { count: 0 }] = await store.query<{ count: number }>(finished)
  count += 1
  const outcome = until(stage, count)
  await store.transaction(async (tx) => {
    await tx.query('update page set body = $1 where id = 1', [body])
    committed = performance.now()
  })
  return (await outcome) - committed
}

const finished = `select count(*) as count from orchestra.operation where state = 'done' and outcome = 'success'`

/** When that many operations have succeeded. */
async function until(stage: Stage, count: number): Promise<number> {
  for (let next = stage.recorded(); ; ) {
    const at = await next
    next = stage.recorded()
    const [row] = await stage.store.query<{ count: number }>(finished)
    if ((row?.count ?? 0) >= count) return at
  }
}

/** The very script that Orchestra would send, over a connection that is there already. */
async function sameScript(stage: Stage, host: BenchHost, connection: WarmConnection): Promise<number> {
  const { runId, text } = await scriptOf(stage, host)
  const command = commandLine(jobCommand(host.target, { runId, interpreter: null, user: null }))
  return timed(() => connection.run(command, text))
}

/** The same by the method that the worker uses, whose bash stays. */
async function scriptAlone(stage: Stage, host: BenchHost, methods: Methods): Promise<number> {
  const { runId, text } = await scriptOf(stage, host)
  return timed(() => runThere(host, methods, runId, text))
}

/** What a bash that stays needs for a script that does nothing. */
function framed(host: BenchHost, methods: Methods): Promise<number> {
  const runId = randomUUID()
  return timed(() => runThere(host, methods, runId, `:\n${endLine(runId)}\n`))
}

async function runThere(host: BenchHost, methods: Methods, runId: string, text: string): Promise<void> {
  const job: Job = {
    runId,
    script: Buffer.from(text),
    interpreter: null,
    user: null,
    timeouts: { connect: 10_000, idle: 60_000, total: 60_000 },
    signal: new AbortController().signal,
    onStart: () => {},
    onOutput: () => {},
  }
  const end = await methods.ssh.run(host.target, job)
  if (end.kind !== 'exited' || end.code !== 0) throw new Error(`the script ended: ${JSON.stringify(end)}`)
}

async function scriptOf(stage: Stage, host: BenchHost): Promise<{ runId: string; text: string }> {
  const runId = randomUUID()
  const object = { id: 2, host: host.target.name, body: runId }
  const recording = recordOperation(pages, 'save', object as never)
  const [lane] = await stage.store.query<{ fence: number }>('select max(fence) as fence from orchestra.lane')
  const { text } = renderScript({
    runId,
    backend: pages.name,
    server: host.target.name,
    fence: lane?.fence ?? 0,
    operations: [{ index: 0, label: 'save page:2', action: 'save', recording }],
    prepare: record('prepare', (script) => pages.prepare?.(script)),
  })
  return { runId, text }
}

type Times<Name extends string> = Record<Name, number[]>

interface Measured {
  byHand: Times<'orchestra' | 'bounced' | 'ssh2' | 'openssh' | 'person' | 'script' | 'nothing'>
  /** Of workers that had nothing to do before. */
  rested: Times<'orchestra' | 'bounced'>
}

function findings(
  { byHand, rested }: Measured,
  byTool: Times<'orchestra' | 'ansible'> | undefined,
  ansible: string,
): Findings {
  const floor = median(byHand.orchestra) / median(byHand.ssh2)
  const bouncedMedian = Math.max(median(byHand.bounced), median(rested.bounced))
  const person = median(byHand.person)
  const goals = [
    atMost(
      'one change, times the script of a person on a warm connection',
      median(byHand.orchestra) / person,
      2,
    ),
    atMost('the script alone, times the script of a person', median(byHand.script) / person, 1),
    atMost('one change through PgBouncer, after a rest or without, median milliseconds', bouncedMedian, 150),
  ]
  const ratios: Record<string, number> = {
    orchestraToPerson: median(byHand.orchestra) / person,
    scriptToPerson: median(byHand.script) / person,
    leastScriptToPerson: percentile(byHand.script, 0) / percentile(byHand.person, 0),
    orchestraToSsh2: floor,
    orchestraToOpenssh: median(byHand.orchestra) / median(byHand.openssh),
    restedToSsh2: median(rested.orchestra) / median(byHand.ssh2),
    bouncedToOrchestra: median(byHand.bounced) / median(byHand.orchestra),
  }
  const figures: Record<string, number> = {
    ...percentiles('orchestra', byHand.orchestra),
    ...percentiles('rested', rested.orchestra),
    ...percentiles('bounced', byHand.bounced),
    ...percentiles('bouncedRested', rested.bounced),
    ssh2P50Milliseconds: median(byHand.ssh2),
    personP50Milliseconds: person,
    scriptP50Milliseconds: median(byHand.script),
    nothingP50Milliseconds: median(byHand.nothing),
    opensshP50Milliseconds: median(byHand.openssh),
  }
  if (byTool !== undefined) {
    ratios.ansibleToOrchestra = median(byTool.ansible) / median(byTool.orchestra)
    figures.ansibleP50Milliseconds = median(byTool.ansible)
    goals.push(atLeast('Ansible, times one change', ratios.ansibleToOrchestra, 20))
  }
  const store = 'Postgres with durable commits, each worker a process of its own'
  return { figures, ratios, goals, notes: [`ansible: ${ansible}`, store] }
}

function percentiles(name: string, times: readonly number[]): Record<string, number> {
  return {
    [`${name}P50Milliseconds`]: median(times),
    [`${name}P90Milliseconds`]: percentile(times, 0.9),
  }
}
