import { runWorkerProgram } from '../support/worker-program.ts'
import { type Release, rollingConfig } from './rolling-config.ts'

await runWorkerProgram(rollingConfig(process.argv[5] as Release))
