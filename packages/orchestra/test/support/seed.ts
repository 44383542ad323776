/**
 * Where everything begins that tests do at random. It is the same each time, so that a test that fails is due to what was
 * changed; `npm run explore` sets others.
 */
export const seed = Number(process.env.TEST_SEED ?? 71_000)
