import { type Backend, defineBackend, type Script, Secret, sh, text } from 'orchestrajs'
import { z } from 'zod'
import { oneLine, userName } from '../fields.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions } from '../service.ts'

const field = String.raw`[\w*/,-]+`

/** When a job runs, as crontab(5) says it: five fields, or a word such as `@daily`. */
export const cronSchedule = z
  .string()
  .regex(
    new RegExp(`^(@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|${field}( ${field}){4})$`),
    'use five fields as in "*/5 * * * *", or a word such as @daily',
  )

/** Name of a job. cron skips files in whose names there is anything else. */
export const cronJobName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_-]+$/, 'use letters, digits, _ and -')

const variableText = oneLine.regex(/^[^"]*$/, 'a quote cannot stand in a variable of cron')

const variable = z.union([
  variableText,
  z
    .instanceof(Secret)
    .refine((value) => variableText.safeParse(value.reveal()).success, 'it is no text that cron can hold'),
])

const cronJobSchema = z.object({
  name: cronJobName,
  schedule: cronSchedule,
  user: userName,
  command: oneLine.min(1),
  environment: z
    .record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'use a variable name'), variable.optional())
    .default({}),
  mailTo: z
    .string()
    .regex(/^[\w.+@-]*$/, 'use a mail address')
    .optional(),
  enabled: z.boolean().default(true),
})

/** A command that runs by itself, again and again. */
export interface CronJob {
  /** Unique on the server: letters, digits, _ and -. */
  name: string
  schedule: string
  /** Whom it runs as; the user has to exist. */
  user: string
  /** One line for /bin/sh. A percent sign means itself. */
  command: string
  /** What is undefined is left out. */
  environment?: Readonly<Record<string, string | Secret | undefined>> | undefined
  /** Who gets the output by mail; an empty string: nobody. */
  mailTo?: string | undefined
  /** Default true. A job that is not enabled is not on the server. */
  enabled?: boolean | undefined
}

export interface CronJobOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  job: Mapping<Schema, Secrets, CronJob>
}

type CheckedJob = z.output<typeof cronJobSchema>

/** Cron jobs, one file each in /etc/cron.d. cron finds changes there by itself, so nothing is reloaded. */
export function cronJob<Schema extends z.ZodType, Secrets extends string>(
  options: CronJobOptions<Schema, Secrets>,
): Backend {
  const jobOf = (object: Parameters<typeof options.job>[0]) =>
    checked('A cron job', cronJobSchema, options.job(object))
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'cron-job',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => options.job(object).name,
    save: (script, object) => place(script, jobOf(object)),
    rename(script, object, previous) {
      const [path, old] = [pathOf(jobOf(object)), pathOf(jobOf(previous))]
      if (path === old) return
      // A job that cannot be installed runs on under its old name.
      place(script, jobOf(object))
      script.absent(old)
    },
    delete: (script, object) => script.absent(pathOf(jobOf(object))),
    list: sh`shopt -s nullglob; for file in ${pathFor('')}*; do printf '%s\n' "\${file#${pathFor('')}}"; done`,
    // A variable may be a secret.
    read: (name) => sh`sed -E 's/^([A-Z_][A-Z0-9_]*)=.*/\1=.../' ${pathFor(name)}`,
    prune: (script, identity) =>
      script.absent(pathFor(checked('The name of a cron job', cronJobName, identity))),
  })
}

function place(script: Script, job: CheckedJob): void {
  if (job.enabled) install(script, job)
  else script.absent(pathOf(job))
}

function install(script: Script, job: CheckedJob): void {
  // cron would note a user that does not exist in its log, and stay silent otherwise. Reading passwd starts no
  // process, asking with `id` finds the users of a directory service too.
  script.run(sh`echo ${`the user ${job.user} does not exist`} >&2; exit 1`, {
    unless: sh`[[ $'\n'$(</etc/passwd) == *$'\n'${`${job.user}:`}* ]] || id -u -- ${job.user}`,
  })
  script.file(pathOf(job), contentOf(job), { mode: '0600', owner: 'root', group: 'root' })
}

function pathOf(job: CheckedJob): string {
  return pathFor(job.name)
}

function pathFor(name: string): string {
  return `/etc/cron.d/orchestra-${name}`
}

function contentOf({ environment, mailTo, schedule, user, command }: CheckedJob) {
  const mail = mailTo === undefined ? [] : [`MAILTO="${mailTo}"\n`]
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [text`${name}="${value}"\n`],
  )
  // To cron a percent sign ends the command and begins its input.
  const line = `${schedule} ${user} ${command.replaceAll('%', '\\%')}\n`
  return text`# Written by Orchestra; changes made here are overwritten.\n${[...mail, ...variables, line]}`
}
