import { z } from 'zod'
import { absolutePath } from '../fields.ts'

const variable = z.string().regex(/^\$[a-z_][a-z0-9_]*$/, 'use a variable such as $redirect_target')

/** Text that nginx takes as it is: a dollar would begin a variable, a quote end the text. */
const literal = z
  .string()
  .max(2000)
  .regex(/^[^\p{Cc}"\\$]*$/u, 'no quotes, backslashes, dollars and control characters')

const key = literal.regex(/^[^~]/, 'it must not be empty, and not begin with ~')

/** `$host` is a name in lower case, without port and last dot: nothing else would ever be found. */
const plainHost = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i
const anyHost = /^(\*?\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?$/i

export const nginxMapSchema = z.object({
  variable,
  source: variable.default('$host'),
  otherwise: literal.default(''),
  hostnames: z.boolean().default(true),
  bucketSize: z.int().min(32).max(65536).optional(),
  file: absolutePath,
})

const keys = z.union([key.transform((one): [string] => [one]), z.tuple([key], key)])

export const mapEntrySchema = z.strictObject({ from: keys, to: literal })

/** The entries of one map: what can be looked up there. */
export function entrySchemaOf({ source, hostnames }: CheckedMap) {
  if (source !== '$host') return mapEntrySchema
  const form = hostnames ? anyHost : plainHost
  const isFound = (from: readonly string[]) => from.every((one) => form.test(one))
  return mapEntrySchema.extend({
    from: keys.refine(
      isFound,
      'use names as they are in $host, such as www.example.com, without port and last dot',
    ),
  })
}

/** What one object sets the variable to, and where. */
export interface NginxMapEntry {
  /** One value of the source, or several. */
  from: string | readonly [string, ...string[]]
  to: string
}

type CheckedMap = z.output<typeof nginxMapSchema>

/** Words that mean something else as a key, in quotes too. */
const special = new Set(['default', 'hostnames', 'include', 'volatile'])

/** The text of a map around its entries. */
export function mapLines({ variable: name, source, otherwise, hostnames, bucketSize }: CheckedMap) {
  const head = [
    '# Written by Orchestra; changes made here are overwritten.',
    ...(bucketSize === undefined ? [] : [`map_hash_bucket_size ${bucketSize};`]),
    `map ${source} ${name} {`,
    ...(hostnames ? ['    hostnames;'] : []),
    `    default "${otherwise}";`,
  ]
  return {
    head: `${head.join('\n')}\n`,
    entry: ({ from, to }: z.output<typeof mapEntrySchema>) =>
      from.map((one) => `    "${special.has(one) ? '\\' : ''}${one}" "${to}";\n`).join(''),
    foot: '}\n',
  }
}
