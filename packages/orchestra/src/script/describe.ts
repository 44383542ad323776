import type { Recording } from './record.ts'
import type { Rendered } from './rendered.ts'
import type { Permissions, RunStep, Step } from './steps.ts'

/** What a person is shown of one step: what it is about, and its text with secrets by name. */
export type Description = [title: string, text: string]

/** Bytes of a description that is worth keeping beside each object. */
const MOST_BYTES = 64 * 1024

/** What an operation asks for, for people and for differences between two times; what could not be recorded asks for nothing. */
export function describeSteps(recording: Recording): Description[] {
  return recording.kind === 'recorded' ? recording.steps.flatMap(describeStep) : []
}

/** The same, as far as it is small enough to be kept. */
export function describeBriefly(recording: Recording): Description[] | null {
  const description = describeSteps(recording)
  let bytes = 0
  for (const [title, text] of description) {
    bytes += Buffer.byteLength(title) + Buffer.byteLength(text)
    if (bytes > MOST_BYTES) return null
  }
  return description
}

function describeStep(step: Step): Description[] {
  switch (step.kind) {
    case 'file':
      return [[`file ${step.path}`, step.content.masked], ...attributesOf(step), ...checkOf(step)]
    case 'streamed-file':
    case 'ahead-file':
      return [
        [`file ${step.path}`, 'its content is made of all objects of the server'],
        ...attributesOf(step),
        ...checkOf(step),
      ]
    case 'ahead':
      return []
    case 'directory':
      return [[`directory ${step.path}`, ''], ...attributesOf(step)]
    case 'symlink':
      return [[`link ${step.path}`, step.target]]
    case 'absent':
      return [[`absent ${step.path}`, step.recursive ? 'with everything in it' : '']]
    case 'trash':
      return [[`trash ${step.path}`, linesOf({ restore: step.restore, note: step.note })]]
    case 'run':
      return [['run', describeRun(step)]]
    case 'reload':
      return [[`${step.verb} ${step.service}`, step.command]]
    case 'write':
      return [['write', step.content.masked]]
    case 'own':
      return []
    case 'call':
      return [[`call ${step.name}`, '']]
  }
}

function attributesOf(step: Permissions & { path: string }): Description[] {
  const text = linesOf({ mode: step.mode, owner: step.owner, group: step.group })
  return text === '' ? [] : [[`permissions of ${step.path}`, text]]
}

function checkOf({ path, check }: { path: string; check: Rendered | null }): Description[] {
  return check === null ? [] : [[`check of ${path}`, check.masked]]
}

function describeRun({ command, unless, onlyIf, input }: RunStep): string {
  const around = { unless: unless?.masked, 'only if': onlyIf?.masked, input: input?.masked }
  return linesOf({ command: command.masked, ...around })
}

function linesOf(parts: Readonly<Record<string, string | null | undefined>>): string {
  return Object.entries(parts)
    .flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${name}: ${value}\n`]))
    .join('')
}
