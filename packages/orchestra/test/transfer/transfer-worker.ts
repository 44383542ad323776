import { runWorkerProgram } from '../support/worker-program.ts'
import { dataConfig } from './data-sites.ts'

await runWorkerProgram(dataConfig)
