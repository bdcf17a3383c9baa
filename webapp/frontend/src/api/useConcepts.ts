import { getConcepts } from './client';
import type { Concept } from './types';
import { useAnswer } from './useAnswer';

const NONE: Concept[] = [];

/** Return the concepts, once they are wanted and known. */
export const useConcepts = (isWanted = true): Concept[] => useAnswer(isWanted ? 'concepts' : null, getConcepts).value ?? NONE;
