/** The package brings no types. */
declare module 'pg-cursor' {
  import type { Submittable } from 'pg'

  export default class Cursor implements Submittable {
    constructor(text: string, values?: readonly unknown[])
    submit: Submittable['submit']
    read(rows: number): Promise<unknown[]>
    close(): Promise<void>
  }
}
