import {
  type Backend,
  checkOptions,
  defineBackend,
  type NamesOf,
  type Script,
  Secret,
  sh,
  text,
} from 'orchestrajs'
import { z } from 'zod'
import { oneLine, userName } from '../fields.ts'
import { parking } from '../parking.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import { cronSchedule } from './schedule.ts'

export { cronSchedule } from './schedule.ts'

/** Name of a job. cron skips files in whose names there is anything else. */
export const cronJobName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_-]+$/, 'use letters, digits, _ and -')

/** cron reads so much of a line; a file with a longer one is not read at all. */
const lineBytes = 998

const fitsOnLine = (text: string) => Buffer.byteLength(text) <= lineBytes

const variableText = oneLine
  .regex(/^[^"]*$/, 'a quote cannot stand in a variable of cron')
  .regex(/(^|[^ ])$/, 'cron takes the spaces off its end')

const variable = z.union([
  variableText,
  z
    .instanceof(Secret)
    .refine((value) => variableText.safeParse(value.reveal()).success, 'it is no text that cron can hold'),
])

/** Names that are not the job's own affair. */
const variableName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/, 'use a variable name')
  .refine((name) => name !== 'LOGNAME', 'cron sets it itself, to the user')
  .refine((name) => name !== 'MAILTO', 'use mailTo')
  .refine((name) => name !== 'CRON_TZ', "Debian's cron does not know it: jobs run by the server's time")

const cronJobSchema = z.strictObject({
  name: cronJobName,
  schedule: cronSchedule,
  user: userName,
  command: oneLine
    .regex(/[^ ]/, 'it must not be empty')
    .refine(
      (text) => fitsOnLine(escapeCommand(text)),
      `cron takes ${lineBytes} bytes; put more into a script of its own`,
    ),
  environment: z
    .record(variableName, variable.optional())
    .default({})
    .refine(
      (all) =>
        Object.entries(all).every(
          ([name, value]) => value === undefined || fitsOnLine(`${name}="${revealed(value)}"`),
        ),
      `cron takes ${lineBytes} bytes of name and value; put more into a file`,
    ),
  mailTo: z
    .string()
    .regex(/^([\w+][\w.+@-]*)?$/, 'use a mail address')
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

const names: NamesOf<CronJobOptions<z.ZodType, string>> = { ...serviceNames, job: true }

/** Cron jobs, one file each in /etc/cron.d. cron finds changes there by itself, so nothing is reloaded. */
export function cronJob<Schema extends z.ZodType, Secrets extends string>(
  options: CronJobOptions<Schema, Secrets>,
): Backend {
  checkOptions('cronJob()', options, names)
  const jobs = parking(options.job, (job, nameOf) => ({ ...job, name: nameOf(job.name) }))
  const jobOf = (object: Parameters<typeof options.job>[0]) =>
    checked('A cron job', cronJobSchema, jobs.of(object))
  // What stands can go, whatever else the row says by now.
  const nameOf = (object: Parameters<typeof options.job>[0]) =>
    checked('The name of a cron job', cronJobName, jobs.of(object).name)
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'cron-job',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => jobs.of(object).name,
    prepare: startCron,
    save: (script, object) => place(script, jobOf(object)),
    rename(script, object, previous) {
      const [path, old] = [pathOf(jobOf(object)), pathFor(nameOf(previous))]
      if (path === old) return
      // A job that cannot be installed runs on under its old name.
      place(script, jobOf(object))
      script.absent(old)
    },
    park: jobs.park,
    delete: (script, object) => script.absent(pathFor(nameOf(object))),
    list: sh`shopt -s nullglob; for file in ${pathFor('')}*; do printf '%s\n' "\${file#${pathFor('')}}"; done`,
    // A variable may be a secret.
    read: (name) => sh`sed -E 's/^([A-Z_][A-Z0-9_]*)=.*/\1=.../' ${pathFor(name)}`,
    prune: (script, identity) =>
      script.absent(pathFor(checked('The name of a cron job', cronJobName, identity))),
  })
}

/** No job runs without it. The name of the service differs; the file with its number does not. */
function startCron(script: Script): void {
  const running = sh`[[ -e /run/crond.pid && $(<"/proc/$(</run/crond.pid)/comm") == cron* ]]`
  script.run(sh`systemctl start cron || systemctl start crond`, {
    unless: sh`${running} || systemctl is-active --quiet cron.service crond.service cron.target`,
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
  const line = `${schedule} ${user} ${escapeCommand(command)}\n`
  return text`# Written by Orchestra; changes made here are overwritten.\n${[...mail, ...variables, line]}`
}

/** To cron a percent sign ends the command and begins its input, and a backslash before one of both is taken off. */
function escapeCommand(command: string): string {
  return command.replace(/(\\*)(%?)/g, (_, backslashes: string, percent: string) => {
    const isAlone = backslashes.length === 1 && percent === ''
    return `${isAlone ? backslashes : backslashes.repeat(2)}${percent && '\\%'}`
  })
}

function revealed(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}
