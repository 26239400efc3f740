import { counted, el, ticked } from "./dom";
import type { Environment, Forecast, Line, Place, Stage } from "./server";

/** What happens in an environment, in which order, and what a run of the text as it is typed would do. */
export class Plan {
  readonly dom = el("div", { class: "plan scrolls" });

  constructor(private readonly jump: (place: Place) => void) {}

  update(environment: Environment, forecast: Forecast | null): void {
    const run = environment.stages.filter((one) => one.runs);
    const rest = environment.stages.filter((one) => !one.runs);
    const steps = [...new Set(run.map((one) => one.level))].sort((one, other) => one - other);
    this.dom.replaceChildren(
      el("ul", { class: "facts" }, ...environment.settings.map(fact)),
      forecast?.note ? el("p", { class: "note" }, ticked(forecast.note)) : "",
      ...steps.map((level, number) =>
        this.step(`Step ${number + 1}`, run.filter((one) => one.level === level), environment, forecast),
      ),
      rest.length ? this.step("In service", rest, environment, null) : "",
    );
  }

  private step(title: string, stages: Stage[], environment: Environment, forecast: Forecast | null): HTMLElement {
    const cards = stages.map((one) => this.card(one, environment, forecast));
    const aside = stages.length > 1 && title !== "In service" ? el("small", {}, " side by side") : "";
    return el("section", { class: "step" }, el("h3", {}, title, aside), ...cards);
  }

  private card(stage: Stage, environment: Environment, forecast: Forecast | null): HTMLElement {
    const told = forecast?.stages[stage.name];
    const facts = [
      stage.reads.length ? `reads ${stage.reads.join(", ")}` : "",
      stage.columns ? counted(stage.columns, "column") : "",
      stage.changed.length ? `${environment.name} changes ${stage.changed.join(", ")}` : "",
    ].filter((one) => one !== "");
    return el(
      "article",
      { class: "card", "data-stage": stage.name },
      el(
        "header",
        {},
        el("span", { class: `chip chip-${stage.kind}` }, stage.kind),
        el("button", { type: "button", class: "link strong", click: () => this.jump(stage.at) }, stage.name),
        told ? el("span", { class: `state state-${told.state.replace(" ", "-")}` }, told.state) : "",
      ),
      stage.runs ? "" : el("ul", { class: "facts" }, ...stage.settings.filter((one) => !stage.reads.includes(one.text)).map(fact)),
      facts.length ? el("p", { class: "quiet" }, facts.join(" · ")) : "",
      told && told.why.length ? el("p", { class: "why" }, ticked(told.why.join("; "))) : "",
      stage.rules.length ? el("ul", { class: "rules" }, ...stage.rules.map((one) => this.rule(one))) : "",
      ...stage.waived.map((one) => el("p", { class: "quiet" }, `waives ${one.word}: ${one.text}`)),
    );
  }

  private rule(rule: Stage["rules"][number]): HTMLElement {
    const words = [el("b", {}, rule.verb), " ", rule.text];
    return el("li", {}, el("button", { type: "button", class: "row", click: () => this.jump(rule.at) }, ...words));
  }
}

function fact(line: Line): HTMLElement {
  return el("li", {}, el("b", {}, line.word), " ", el("code", {}, line.text));
}
