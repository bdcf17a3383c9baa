import type { ProblemBody } from './types';

/** An error for the user: a heading and a sentence. Status 0: no response came. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
  ) {
    super(title);
  }
}

export const toProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('Something went wrong', String(error), 0);

/** Read the problem that an unsuccessful response contains (application/problem+json). */
export async function problemIn(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Partial<ProblemBody>;
  return new Problem(body.title || `Error ${response.status}`, body.detail ?? '', response.status);
}
