import { randomUUID } from 'node:crypto'
import { commandLine, jobCommand } from '../packages/orchestra/src/methods/remote-command.ts'
import { record, recordOperation, renderScript } from '../packages/orchestra/src/script/index.ts'
import { prepareAnsible } from './ansible.ts'
import { connectOpenssh, connectSsh2, type WarmConnection } from './connections.ts'
import type { BenchHost } from './hosts.ts'
import { atLeast, atMost, type Findings, inTurns, median, percentile, timed } from './measure.ts'
import { pages } from './project.ts'
import { type Machines, openStage, type Stage } from './stage.ts'

export const about = 'one change: commit to recorded outcome, beside the same script by hand and Ansible'

const turnsOf = { full: 60, quick: 5 }
const turnsOfAnsible = { full: 5, quick: 1 }

export async function run(
  machines: Machines,
  size: 'full' | 'quick',
  progress: (line: string) => void,
): Promise<Findings> {
  const stage = await openStage(machines)
  try {
    const [host] = stage.hosts
    if (host === undefined) throw new Error('no host')
    await stage.store.query(`insert into page values (1, $1, 'first')`, [host.target.name])
    await until(stage, 1)
    return await compare(stage, host, size, progress)
  } finally {
    await stage.close()
  }
}

async function compare(
  stage: Stage,
  host: BenchHost,
  size: 'full' | 'quick',
  progress: (line: string) => void,
): Promise<Findings> {
  const ssh2 = await connectSsh2(host.target)
  const openssh = await connectOpenssh(host.target)
  const ansible = await prepareAnsible(host, progress)
  try {
    const byHand = await inTurns(turnsOf[size], {
      orchestra: (turn) => change(stage, `turn ${turn}`),
      ssh2: () => sameScript(stage, host, ssh2),
      openssh: () => sameScript(stage, host, openssh),
    })
    if (ansible.kind === 'missing') return findings(stage, byHand, undefined, ansible.reason)
    const byTool = await inTurns(turnsOfAnsible[size], {
      orchestra: (turn) => change(stage, `turn ${turn} beside ansible`),
      ansible: (turn) => timed(() => ansible.copy(`turn ${turn}\n`)),
    })
    return findings(stage, byHand, byTool, `${ansible.version}, no facts, pipelining, control connection`)
  } finally {
    await Promise.all([ssh2.close(), openssh.close(), ...(ansible.kind === 'ready' ? [ansible.close()] : [])])
  }
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
  const command = commandLine(jobCommand(host.target, { runId, interpreter: null, user: null }))
  return timed(() => connection.run(command, text))
}

type Times<Name extends string> = Record<Name, number[]>

function findings(
  stage: Stage,
  byHand: Times<'orchestra' | 'ssh2' | 'openssh'>,
  byTool: Times<'orchestra' | 'ansible'> | undefined,
  ansible: string,
): Findings {
  const floor = median(byHand.orchestra) / median(byHand.ssh2)
  const goals = [atMost('one change, times the same script on a warm connection', floor, 5)]
  const ratios: Record<string, number> = {
    orchestraToSsh2: floor,
    orchestraToOpenssh: median(byHand.orchestra) / median(byHand.openssh),
  }
  const figures: Record<string, number> = {
    orchestraP50Milliseconds: median(byHand.orchestra),
    orchestraP90Milliseconds: percentile(byHand.orchestra, 0.9),
    ssh2P50Milliseconds: median(byHand.ssh2),
    opensshP50Milliseconds: median(byHand.openssh),
  }
  if (byTool !== undefined) {
    ratios.ansibleToOrchestra = median(byTool.ansible) / median(byTool.orchestra)
    figures.ansibleP50Milliseconds = median(byTool.ansible)
    goals.push(atLeast('Ansible, times one change', ratios.ansibleToOrchestra, 20))
  }
  const store = `store: ${stage.store.kind}, durable commits, worker in a process of its own`
  return { figures, ratios, goals, notes: [`ansible: ${ansible}`, store] }
}
