import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { formatObject, parseObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { modelNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import type { Queryable } from '../store/index.ts'
import { isSigned, type Signer } from './signing.ts'

/** An object of a customer, and what he calls it. */
export interface CustomerObject {
  /** `site:12` */
  object: string
  /** Default the object's own name, `site:12`. */
  label?: string
}

export interface ChangesTokenOptions {
  /** What the customer may see; of all else the answers say nothing. At most 100. */
  objects: readonly (string | CustomerObject)[]
  /** Whom the token is for, such as the customer's number; it is told to nobody. */
  subject: string
  /** The language of the texts, such as `es` or `pt-BR`; default English. */
  locale?: string
}

/** What a token says. */
export interface Claim {
  objects: readonly { model: string; key: Key; name: string; label: string }[]
  subject: string
  locale: string
  /** Milliseconds since 1970. */
  expires: number
}

const MOST_OBJECTS = 100
/** It travels in a header, of which servers take 8 kB. */
const LONGEST_TOKEN = 7_000
/** Seconds. */
const LIFETIME = 900
const PURPOSE = 'orchestra customers 1.'

const line = z
  .string()
  .min(1)
  .max(253)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'has what is no line of text')
const objectName = line.refine((text) => parseObject(text) !== undefined, 'names no object such as site:12')
const options = z.strictObject({
  objects: z
    .array(z.union([objectName, z.strictObject({ object: objectName, label: line.optional() })]))
    .min(1)
    .max(MOST_OBJECTS),
  subject: line,
  locale: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .default('en'),
})
const content = z.strictObject({
  k: z.string(),
  e: z.int(),
  s: z.string(),
  l: z.string(),
  o: z.array(z.tuple([z.string(), z.string()])),
})

/**
 * Makes a token by which a customer sees how his objects are, for 15 minutes. Ask for it for whoever is signed in, for what is his.
 * @throws OrchestraError ORC_INPUT_INVALID, ORC_MODEL_UNKNOWN, ORC_KEY_ABSENT
 */
export async function makeToken(config: Config, signer: Signer, given: ChangesTokenOptions): Promise<string> {
  const checked = options.safeParse(given)
  if (!checked.success) throw invalid(checked.error)
  const { objects, subject, locale } = checked.data
  const named = objects.map((one) => (typeof one === 'string' ? { object: one } : one))
  const listed = named.map(({ object, label }) => [canonical(config, object), label ?? object] as const)
  // Which key signs is signed too.
  const { key } = await signer.sign('')
  const said = { k: key, e: Math.floor(Date.now() / 1_000) + LIFETIME, s: subject, l: locale, o: listed }
  const text = Buffer.from(JSON.stringify(said)).toString('base64url')
  const { signature } = await signer.sign(`${PURPOSE}${text}`)
  const token = `${text}.${signature.toString('base64url')}`
  if (token.length > LONGEST_TOKEN) throw tooLong()
  return token
}

/**
 * What a token says.
 * @throws OrchestraError ORC_CUSTOMER_TOKEN for one that nobody here signed, or that has expired
 */
export async function readToken(db: Queryable, token: string): Promise<Claim> {
  const [, text, signature] = /^([\w-]{1,7000})\.([\w-]{86})$/.exec(token) ?? []
  if (text === undefined || signature === undefined) throw unknown()
  const said = content.safeParse(parsed(text))
  if (!said.success) throw unknown()
  const { k: key, e, s: subject, l: locale, o } = said.data
  const signed = { text: `${PURPOSE}${text}`, key, signature: Buffer.from(signature, 'base64url') }
  if (!(await isSigned(db, signed))) throw unknown()
  const expires = e * 1_000
  if (expires <= Date.now()) throw unknown()
  const objects = o.flatMap(([name, label]) => {
    const object = parseObject(name)
    return object === undefined ? [] : [{ ...object, name, label }]
  })
  return { objects, subject, locale, expires }
}

function canonical(config: Config, text: string): string {
  const { model = '', key = [] } = parseObject(text) ?? {}
  return formatObject(modelNamed(config, model).name, key)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return undefined
  }
}

function invalid({ issues }: z.ZodError): OrchestraError {
  const [first] = issues
  const where = first?.path.join('.') || 'what it is given'
  return new OrchestraError(
    'ORC_INPUT_INVALID',
    `orchestra.changes.token(): \`${where}\`: ${first?.message ?? 'wrong'}`,
    { hint: "Give { objects: ['site:12'], subject: 'customer 7', locale: 'es' }" },
  )
}

function tooLong(): OrchestraError {
  return new OrchestraError('ORC_INPUT_INVALID', 'orchestra.changes.token(): too much for one token', {
    hint: 'Name fewer objects, with shorter labels',
  })
}

/** Why is nobody's business who did not make it. */
function unknown(): OrchestraError {
  return new OrchestraError('ORC_CUSTOMER_TOKEN', 'The token is not known, or has expired', {
    hint: 'Ask the application for another',
  })
}
