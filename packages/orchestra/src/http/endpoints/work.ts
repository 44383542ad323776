import { z } from 'zod'
import type { Finding } from '../../inspect/index.ts'
import type { LogSummary } from '../../logs/index.ts'
import {
  driftCauses,
  driftList,
  driftRepair,
  logLines,
  logList,
  logOutput,
  logScript,
  logSearch,
  logSections,
  logShow,
  operationList,
  type RepairBegun,
  syncCancel,
  syncList,
  syncShow,
  syncStart,
  unitList,
  unitShow,
  unitWork,
  workCancel,
  workRetry,
} from '../../operate/index.ts'
import type { OperationView, UnitSummary } from '../../placements/index.ts'
import type { SyncView } from '../../sync/index.ts'
import { act, file, one, paged, pages, whole } from '../build.ts'
import { findingPages } from './servers.ts'

const { unit } = unitShow.input.shape
const { log, ...lines } = logLines.input.shape
const { before, limit: _, ...logFilter } = logList.input.shape
const searched = logSearch.input.shape
const { id: sync } = syncShow.input.shape
const targetOf = (name: string) => (given: { params: Readonly<Record<string, unknown>> }) => ({
  target: String(given.params[name]),
})

const unitEndpoints = [
  paged<UnitSummary>({
    path: '/units',
    verb: unitList,
    query: { actor: unitList.input.shape.actor },
    field: 'before',
    cursor: unitList.input.shape.before.unwrap(),
    next: ({ id }) => id,
  }),
  one({
    path: '/units/{unit}',
    verb: unitShow,
    params: { unit },
    query: { wait: unitShow.input.shape.wait },
  }),
  one({ path: '/units/{unit}/work', verb: unitWork, params: { unit } }),
  act({
    path: '/units/{unit}/retry',
    verb: workRetry,
    about: 'Tries what failed of a unit of work again at once',
    params: { unit },
    input: targetOf('unit'),
  }),
  act({
    path: '/units/{unit}/cancel',
    verb: workCancel,
    about: 'Revokes what waits of a unit of work and ends what runs, on the server too',
    params: { unit },
    input: targetOf('unit'),
  }),
  act({
    path: '/retry',
    verb: workRetry,
    about: 'Tries everything that has failed again at once',
    body: { failed: z.literal(true) },
  }),
]

const operationEndpoints = [
  paged<OperationView>({
    path: '/operations',
    verb: operationList,
    field: 'before',
    cursor: operationList.input.shape.before.unwrap(),
    next: ({ id }) => id,
  }),
]

const logEndpoints = [
  paged<LogSummary>({
    path: '/logs',
    verb: logList,
    query: logFilter,
    field: 'before',
    cursor: before.unwrap(),
    next: ({ id }) => id,
  }),
  one({ path: '/logs/{log}', verb: logShow, params: { log } }),
  file({
    path: '/logs/{log}/script',
    verb: logScript,
    params: { log },
    kind: 'text',
  }),
  file({
    path: '/logs/{log}/output',
    verb: logOutput,
    params: { log },
    kind: 'bytes',
  }),
  one({
    path: '/logs/{log}/lines',
    verb: logLines,
    params: { log },
    query: lines,
  }),
  whole({
    path: '/logs/{log}/sections',
    verb: logSections,
    params: { log },
  }),
  one({
    path: '/logs/{log}/search',
    verb: logSearch,
    params: { log },
    query: { q: searched.text, limit: searched.limit, from: searched.from },
    input: ({ params, query: { q: text, ...query } }) => ({ ...params, ...query, text }),
  }),
  act({
    path: '/logs/{log}/retry',
    verb: workRetry,
    about: 'Tries what failed of a log again at once',
    params: { log },
    input: targetOf('log'),
  }),
  act({
    path: '/logs/{log}/cancel',
    verb: workCancel,
    about: 'Ends what runs of a log, on the server too',
    params: { log },
    input: targetOf('log'),
  }),
]

const comparisonEndpoints = [
  paged<SyncView>({
    path: '/syncs',
    verb: syncList,
    field: 'after',
    cursor: syncList.input.shape.after.unwrap(),
    next: ({ id }) => id,
  }),
  act({
    path: '/syncs',
    verb: syncStart,
    status: 202,
    body: syncStart.input.shape,
    location: ({ id }: { id: number }) => `/syncs/${id}`,
  }),
  one({ path: '/syncs/{id}', verb: syncShow, params: { id: sync } }),
  act({ path: '/syncs/{id}/cancel', verb: syncCancel, params: { id: sync } }),
  paged<Finding>({
    path: '/findings',
    verb: driftList,
    query: { server: driftList.input.shape.server, backend: driftList.input.shape.backend },
    ...findingPages,
  }),
  pages({
    path: '/findings/causes',
    verb: driftCauses,
    query: {
      server: driftCauses.input.shape.server,
      backend: driftCauses.input.shape.backend,
      q: driftCauses.input.shape.q,
    },
    cursor: driftCauses.input.shape.after.unwrap(),
    items: 'causes',
  }),
  act({
    path: '/findings/repair',
    verb: driftRepair,
    status: 202,
    body: driftRepair.input.shape,
    location: ({ unit: begun }: RepairBegun) => begun && `/units/${begun}`,
  }),
]

export const workEndpoints = [
  ...unitEndpoints,
  ...operationEndpoints,
  ...logEndpoints,
  ...comparisonEndpoints,
]
