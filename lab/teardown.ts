import { join } from 'node:path'
import { removeLinks } from './bridge.ts'
import { removeGroup } from './cgroups.ts'
import { unmountBelow } from './disk.ts'
import { withLock } from './lock.ts'
import { groupOf, removeRegistration } from './machine.ts'
import {
  freeSlot,
  isAlive,
  type LabRecord,
  listLabs,
  removeDebris,
  runRoot,
  slotDirectory,
} from './run-directory.ts'

/** Takes a lab down, in whatever state it is. Its record goes last: until then another try finds it. */
export async function tearDown(lab: LabRecord): Promise<void> {
  await removeGroup(groupOf(lab.slot))
  await Promise.all(lab.hosts.map(removeRegistration))
  await unmountBelow(slotDirectory(lab.slot))
  await removeLinks(lab.slot)
  freeSlot(lab.slot)
}

/** Takes down the labs of processes that ended without doing so themselves. */
export function removeLeftovers(): Promise<LabRecord[]> {
  return tearDownWhere(({ owner }) => owner !== null && !isAlive(owner))
}

/**
 * Takes down labs that others started. Two cleaners at once would remove the same lab, the slower one perhaps
 * when a new lab has its slot already; so they take turns, and look anew.
 */
export function tearDownWhere(chosen: (lab: LabRecord) => boolean): Promise<LabRecord[]> {
  return withLock(join(runRoot, 'lock'), async () => {
    const labs = listLabs().filter(chosen)
    for (const lab of labs) await tearDown(lab)
    removeDebris()
    return labs
  })
}
