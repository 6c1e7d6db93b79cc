import type { Client } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";

const READ = `const cities = JSON.parse(CONTEXT.read(0, CONTEXT.info().characters));
const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const length = (tour) => tour.reduce((sum, city, at) => sum + far(city, tour[(at + 1) % tour.length]), 0);
print(cities.length, "cities");`;

/** What a model might write for the same question, asked again and again. */
const IDEAS = [
  `const tour = cities;
done({ way: "as they come", length: length(tour) });`,
  `const tour = cities.toSorted((a, b) => a.x - b.x);
done({ way: "from west to east", length: length(tour) });`,
  `const left = [...cities];
const tour = [left.shift()];
while (left.length > 0) {
  left.sort((a, b) => far(tour.at(-1), a) - far(tour.at(-1), b));
  tour.push(left.shift());
}
done({ way: "always to the nearest", length: length(tour) });`,
  `const centre = { x: 50, y: 50 };
const angle = (city) => Math.atan2(city.y - centre.y, city.x - centre.x);
const tour = cities.toSorted((a, b) => angle(a) - angle(b));
done({ way: "once around", length: length(tour) });`,
];

/** A stand-in for a model: it reads the cities first, and has another idea in every sample. Its code is run for real. */
export function scriptedModel(sample: number, asked: (turn: number) => void): Client {
  return scriptedClient(({ turn }) => {
    asked(turn);
    return `\`\`\`repl\n${turn === 0 ? READ : IDEAS[sample % IDEAS.length]}\n\`\`\``;
  });
}
