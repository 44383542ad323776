import { join } from 'node:path'
import { type LoadedConfig, storeOptions } from '../config/load.ts'
import { openStore, type Store } from '../store/index.ts'
import { type Check, type Diagnosis, ok } from './check.ts'
import { checkKeyFile, checkNode } from './environment.ts'
import { checkRights } from './rights.ts'
import { checkRows } from './rows.ts'
import { checkPause, checkRoutes, checkServers } from './servers.ts'
import { checkCapture, checkKey, checkMigrations, fromError } from './store.ts'
import { checkWork, checkWorker } from './work.ts'

export { checkCanary, sealCanary } from '../key/index.ts'
export type { Diagnosis } from './check.ts'

const checks: readonly Check[] = [
  checkKey,
  checkRights,
  checkCapture,
  checkRows,
  checkServers,
  checkRoutes,
  checkPause,
  checkWorker,
  checkWork,
]

export interface DoctorOptions {
  load: () => Promise<LoadedConfig>
  environment: NodeJS.ProcessEnv
}

/** Checks everything that can be; what a problem keeps from being checked is left out. Changes nothing. */
export async function examine(options: DoctorOptions): Promise<Diagnosis[]> {
  const node = checkNode()
  try {
    const loaded = await options.load()
    return [node, ok('configuration', loaded.path), ...(await examineStore(loaded, options.environment))]
  } catch (error) {
    return [node, fromError('configuration', error)]
  }
}

async function examineStore(loaded: LoadedConfig, environment: NodeJS.ProcessEnv): Promise<Diagnosis[]> {
  const place = storeOptions(loaded, environment)
  const keyFile = place.key ? undefined : checkKeyFile(join(place.directory ?? '.orchestra', 'key'))
  const findings = keyFile === undefined ? [] : [keyFile]
  let store: Store | undefined
  try {
    store = await openStore(place)
    await store.query('select 1')
    findings.push(ok('store', `${store.kind} answers`))
    return [...findings, ...(await examineOpen({ loaded, store }))]
  } catch (error) {
    return [...findings, fromError('store', error)]
  } finally {
    await store?.close()
  }
}

async function examineOpen(patient: Parameters<Check>[0]): Promise<Diagnosis[]> {
  const migrations = await checkMigrations(patient.store)
  if (migrations.state === 'problem') return [migrations]
  const findings = [migrations]
  for (const check of checks)
    findings.push(...(await check(patient).catch((error: unknown) => [fromError('store', error)])))
  return findings
}
