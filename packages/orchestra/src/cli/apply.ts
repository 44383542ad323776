import type { Command } from 'commander'
import { routeObjects } from '../manager/index.ts'
import { shortUnit } from '../placements/index.ts'
import { type Applied, applyPlan, readPlan } from '../plan/index.ts'
import { CurrentRouter } from '../router/index.ts'
import type { Store } from '../store/index.ts'
import { isStill, type SyncWork, workOf } from '../sync/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { expectWorker, follow } from './sync.ts'
import type { Terminal } from './terminal.ts'
import { Progress, workText } from './work-progress.ts'

interface ApplyOptions {
  allowDeletes?: number
  detach?: boolean
}

export function addApplyCommand(program: Command, act: Act): void {
  const apply = program
    .command('apply <file>')
    .description('Do what a saved plan shows, or nothing when the database or what stands moved on')
    .option(
      '--allow-deletes <count>',
      'How many objects of one backend on one server it may remove',
      wholeNumber(0),
    )
    .option('--detach', 'Do not wait for its end')
    .action(act(applyCommand))
  withExamples(apply, 'apply tonight.json', 'apply tonight.json --detach')
}

async function applyCommand(session: Session, file: string, options: ApplyOptions): Promise<Ending> {
  const { terminal } = session
  const { config } = await session.config()
  const plan = await readPlan(file)
  const store = await session.store()
  const router = await new CurrentRouter(config.backends.values()).get(store)
  const applied = await applyPlan({ store, config, route: routeObjects(router) }, plan, {
    allowDeletes: options.allowDeletes,
    by: session.by,
  })
  const worked = applied.operations > 0 && (await expectWorker(store, terminal))
  if (options.detach === true || applied.operations === 0) {
    terminal.tell(applied, appliedLine(applied))
    return 'done'
  }
  const { work, left } = worked
    ? await watchUnit(store, applied.unitId, terminal)
    : { work: await workOf(store, applied.unitId), left: true }
  terminal.tell({ ...applied, work }, appliedLine(applied), workText(work))
  if (left) terminal.note(`it goes on in the worker: orchestra unit show ${shortUnit(applied.unitId)}`)
  return work.waiting + work.running === 0 ? 'done' : 'unfinished'
}

function appliedLine({ unitId, operations, alreadyWaiting }: Applied): string {
  const waiting = alreadyWaiting === 0 ? '' : `; ${alreadyWaiting} more waited already`
  return operations === 0
    ? `nothing had to be recorded${waiting}`
    : `${operations} operations were recorded as unit ${shortUnit(unitId)}${waiting}`
}

async function watchUnit(
  store: Store,
  unitId: string,
  terminal: Terminal,
): Promise<{ work: SyncWork; left: boolean }> {
  const progress = new Progress(terminal)
  try {
    const { value, left } = await follow(store, async () => {
      const work = await workOf(store, unitId)
      progress.show(workText(work))
      return { value: work, ended: isStill(work) }
    })
    return { work: value, left }
  } finally {
    progress.close()
  }
}
