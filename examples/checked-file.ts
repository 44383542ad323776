/**
 * Shows: a check that decides whether a new file may stay. The bad one is put back as it was and its operation fails with
 * the check's output; the others of the same script stay, and the service is reloaded once for all of them.
 *
 * `bash -n` stands for `nginx -t`, and a counter for the daemon, so that the example runs anywhere.
 */
import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

export const tables = 'create table job (id serial primary key, script text not null)'

const Job = defineModel({
  name: 'job',
  table: 'job',
  schema: z.object({ id: z.int(), script: z.string() }),
})

const jobs = defineBackend({
  name: 'jobs',
  model: Job,
  prepare: (script) => script.directory('jobs.d'),
  save(script, job) {
    const check = sh`for file in jobs.d/*.sh; do bash -n "$file" || exit 1; done`
    script.file(`jobs.d/${job.id}.sh`, `${job.script}\n`, { check })
  },
  delete: (script, job) => script.absent(`jobs.d/${job.id}.sh`),
  commit: (script) => script.reload('jobs', { command: sh`echo reloaded >>reloads` }),
})

export default defineConfig({ models: [Job], backends: [jobs] })
