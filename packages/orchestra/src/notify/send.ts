import type { Target } from './channel.ts'
import { sendMail } from './mail.ts'
import { type Message, mailOf } from './message.ts'
import { postWebhook } from './webhook.ts'

/** @throws Error that says why it did not arrive */
export async function sendMessage(target: Target, id: string, message: Message): Promise<void> {
  if (target.kind === 'mail') return sendMail(target, { id, ...mailOf(message) })
  return postWebhook(target, { id, at: new Date(), body: JSON.stringify(message) })
}

const LONGEST = 500

/** What is noted of a failure. A library may repeat what it was given, so that its secrets are taken out. */
export function failureText(error: unknown, target?: Target): string {
  const text = error instanceof Error ? error.message : String(error)
  return secretsOf(target)
    .reduce((rest, hidden) => rest.replaceAll(hidden, '*'), text)
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, LONGEST)
}

function secretsOf(target: Target | undefined): string[] {
  if (target === undefined) return []
  if (target.kind === 'webhook')
    return [target.url, target.signingSecret, new URL(target.url).pathname].filter(isLong)
  const { password, username } = new URL(target.smtpUrl)
  return [target.smtpUrl, password, decodeURIComponent(password), username].filter(isLong)
}

function isLong(text: string): boolean {
  return text.length > 3
}
