// Reads what to do as JSON, runs it, and writes what came of it as JSON.
import { readFileSync } from "node:fs";

export async function answer(work) {
  const order = JSON.parse(readFileSync(0, "utf8"));
  try {
    console.log(JSON.stringify(await work(order)));
  } catch (problem) {
    console.log(JSON.stringify({ error: String(problem.message ?? problem), status: problem.statusCode ?? null }));
  }
}
