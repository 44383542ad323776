import { Link } from '@tanstack/react-router'

/** Where the console shows a thing that others name: one place each, so that a name leads to the same wherever it stands. */
export function ServerLink({ server }: { server: string }) {
  return (
    <Link to="/servers/$server" params={{ server }}>
      {server}
    </Link>
  )
}

export function ObjectLink({ object }: { object: string }) {
  return (
    <Link to="/objects/$object" params={{ object }}>
      {object}
    </Link>
  )
}

export function LogLink({ log }: { log: number }) {
  return (
    <Link to="/logs/$log" params={{ log }}>
      {log}
    </Link>
  )
}

/** By its beginning, as the command takes it. */
export function UnitLink({ unit }: { unit: string }) {
  return (
    <Link to="/units/$unit" params={{ unit }} className="mono">
      {unit.slice(0, 8)}
    </Link>
  )
}
