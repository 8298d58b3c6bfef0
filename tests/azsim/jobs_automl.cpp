#include "tests/azsim/jobs_automl.hpp"

#include <cctype>

namespace trainyard::azsim {
namespace {

Json capitalized(std::string word) {
  if (!word.empty()) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  return word;
}

bool is_image(std::string const& task) { return task.starts_with("Image"); }
bool is_text(std::string const& task) { return task.starts_with("Text"); }

Json limit_defaults(std::string const& task) {
  if (is_image(task) || is_text(task))
    return Json::object({{"maxTrials", 1}, {"timeout", "P7D"}, {"maxConcurrentTrials", 1}});
  return Json::object({{"maxTrials", 1000},
                       {"trialTimeout", "PT30M"},
                       {"timeout", "PT6H"},
                       {"maxConcurrentTrials", 1},
                       {"maxNodes", 1},
                       {"maxCoresPerTrial", -1},
                       {"exitScore", nullptr},
                       {"enableEarlyTermination", true},
                       {"sweepTrials", 0},
                       {"sweepConcurrentTrials", 0}});
}

Json featurization(Json const& sent) {
  if (sent.is_null()) return {};
  Json filled = overlaid(Json::object({{"datasetLanguage", nullptr},
                                       {"mode", "Auto"},
                                       {"blockedTransformers", nullptr},
                                       {"columnNameAndTypes", nullptr},
                                       {"transformerParams", nullptr},
                                       {"enableDnnFeaturization", false}}),
                         sent);
  filled["mode"] = capitalized(filled.text("mode"));
  return filled;
}

Json training(Json const& sent) {
  return overlaid(Json::object({{"enableOnnxCompatibleModels", false},
                                {"stackEnsembleSettings", nullptr},
                                {"enableStackEnsemble", true},
                                {"enableVoteEnsemble", true},
                                {"ensembleModelDownloadTimeout", "PT5M"},
                                {"enableModelExplainability", true},
                                {"enableDnnTraining", false},
                                {"trainingMode", "Auto"},
                                {"allowedTrainingAlgorithms", nullptr},
                                {"blockedTrainingAlgorithms", nullptr}}),
                  sent);
}

Json forecasting(Json const& sent) {
  return overlaid(Json::object({{"countryOrRegionForHolidays", nullptr},
                                {"timeColumnName", nullptr},
                                {"targetLags", nullptr},
                                {"targetRollingWindowSize", nullptr},
                                {"forecastHorizon", nullptr},
                                {"timeSeriesIdColumnNames", nullptr},
                                {"frequency", nullptr},
                                {"featureLags", "None"},
                                {"seasonality", nullptr},
                                {"shortSeriesHandlingConfig", "Auto"},
                                {"useStl", "None"},
                                {"targetAggregateFunction", "None"},
                                {"cvStepSize", nullptr}}),
                  sent);
}

}  // namespace

Json overlaid(Json defaults, Json const& sent) {
  for (auto const& [name, value] : sent.members())
    if (!value.is_null()) defaults[name] = value;
  return defaults;
}

Json filled_input(Json const& sent) {
  if (!sent.is_object()) return sent;
  Json filled = Json::object({{"description", nullptr}});
  if (sent.text("jobInputType") != "literal") {
    if (sent.find("uri") != nullptr) filled["uri"] = nullptr;
    filled["mode"] = "ReadOnlyMount";
  }
  return overlaid(std::move(filled), sent);
}

Json automl_task(Json const& sent) {
  std::string const task = sent.text("taskType");
  bool const tabular = !is_image(task) && !is_text(task);
  Json filled = overlaid(Json::object({{"logVerbosity", "Info"},
                                       {"trainingData", nullptr},
                                       {"targetColumnName", nullptr},
                                       {"limitSettings", nullptr},
                                       {"sweepSettings", nullptr},
                                       {"searchSpace", nullptr},
                                       {"validationData", nullptr},
                                       {"validationDataSize", nullptr}}),
                         sent);
  // Newer api-versions show a tabular task's missing validation data as an input without an address.
  if (tabular && filled.at("validationData").is_null())
    filled["validationData"] = Json::object({{"jobInputType", "mltable"}});
  for (char const* data : {"trainingData", "validationData", "testData"})
    if (filled.find(data) != nullptr) filled[data] = filled_input(filled.at(data));
  filled["limitSettings"] = overlaid(limit_defaults(task), sent.at("limitSettings"));
  if (is_image(task)) return filled;
  filled["featurizationSettings"] = featurization(sent.at("featurizationSettings"));
  if (!tabular) return filled;
  for (char const* unset : {"fixedParameters", "nCrossValidations", "cvSplitColumnNames", "weightColumnName",
                            "testData", "testDataSize"})
    if (filled.find(unset) == nullptr) filled[unset] = nullptr;
  filled["trainingSettings"] = training(sent.at("trainingSettings"));
  if (task == "Forecasting") filled["forecastingSettings"] = forecasting(sent.at("forecastingSettings"));
  if (task == "Classification" && filled.find("positiveLabel") == nullptr) filled["positiveLabel"] = nullptr;
  return filled;
}

}  // namespace trainyard::azsim
