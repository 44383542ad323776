import { runWorkerProgram } from '../support/worker-program.ts'
import { decidersConfig } from './deciders-config.ts'

await runWorkerProgram(decidersConfig(process.argv[3]))
