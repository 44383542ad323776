import type { Findings, Goal } from './measure.ts'

/** Prints findings as a table for people. */
export function printFindings({ figures, ratios, goals, notes }: Findings): void {
  for (const [name, value] of Object.entries(figures)) line(words(name), String(value))
  for (const [name, value] of Object.entries(ratios)) line(words(name), `${value} x`)
  for (const goal of goals) line(goal.what, judgement(goal))
  for (const note of notes) process.stdout.write(`  (${note})\n`)
}

function line(what: string, value: string): void {
  process.stdout.write(`  ${what.padEnd(72)} ${value}\n`)
}

function judgement({ measured, side, bound, met }: Goal): string {
  return `${measured}, goal ${side} ${bound}: ${met ? 'met' : 'MISSED'}`
}

/** `orchestraToSsh2` reads as `orchestra to ssh2`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
