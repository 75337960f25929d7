import js from "@eslint/js";
import globals from "globals";

const rules = {
  eqeqeq: "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-unused-vars": ["error", { caughtErrors: "none" }],
};

export default [
  js.configs.recommended,
  {
    files: ["zmd_layout/**/*.js"],
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: "script",
      globals: { ...globals.browser, L: "readonly" },
    },
    rules,
  },
  { files: ["zmd_layout/web/**/*.js"], languageOptions: { sourceType: "module" } },
  { files: ["**/*.mjs"], languageOptions: { globals: globals.node }, rules },
];
